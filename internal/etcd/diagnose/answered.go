package diagnose

import (
	"slices"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// answeredError is the error of a request that the server has carried out. Its response
// could not be used, because it was too large or malformed.
type answeredError struct {
	err    error
	method string
	writes bool // the request changes something
}

func (e *answeredError) Error() string { return e.err.Error() }
func (e *answeredError) Unwrap() error { return e.err }

// Answered implements retry.Answer.
func (e *answeredError) Answered() bool { return true }

// MarkAnswered marks the error of a request if the server has carried the request out. A
// server then sends a response header; it sends errors without one. The text of gRPC
// does not distinguish a request that is too large from such a response.
func MarkAnswered(err error, method string, request any, header metadata.MD) error {
	if err == nil || len(header) == 0 {
		return err
	}
	switch s, known := status.FromError(err); {
	case !known, s.Code() == codes.Internal:
	case s.Code() == codes.ResourceExhausted && IsTooLarge(s.Message()):
	default:
		return err
	}
	return &answeredError{err: err, method: method, writes: Writes(method, request)}
}

// tooLarge begins gRPC's text about a message that is too large.
const tooLarge = "grpc: received message larger than max"

// IsTooLarge reports whether a message of gRPC is that of a request or response that is
// too large.
func IsTooLarge(message string) bool {
	return strings.HasPrefix(message, tooLarge)
}

// Writes reports whether a request changes something if it is carried out.
func Writes(method string, request any) bool {
	switch r := request.(type) {
	case *pb.TxnRequest:
		return anyWrites(r.GetSuccess()) || anyWrites(r.GetFailure())
	case *pb.AlarmRequest:
		return r.GetAction() != pb.AlarmRequest_GET
	case *pb.DowngradeRequest:
		return r.GetAction() != pb.DowngradeRequest_VALIDATE
	}
	return !isRead(method)
}

func anyWrites(operations []*pb.RequestOp) bool {
	for _, operation := range operations {
		switch {
		case operation.GetRequestPut() != nil, operation.GetRequestDeleteRange() != nil:
			return true
		case operation.GetRequestTxn() != nil && Writes("", operation.GetRequestTxn()):
			return true
		}
	}
	return false
}

// reads returns parts of the names of the RPCs that change nothing.
func reads() []string {
	return []string{"/Range", "Get", "List", "Status", "/Authenticate", "/LeaseTimeToLive", "/LeaseLeases", "Hash", "/Snapshot", "/Watch"}
}

func isRead(method string) bool {
	return slices.ContainsFunc(reads(), func(part string) bool { return strings.Contains(method, part) })
}

// reason describes the outcome of the request.
func (e *answeredError) reason() string {
	why := "its answer cannot be used"
	if IsTooLarge(status.Convert(e.err).Message()) {
		why = "its answer is larger than --max-recv-bytes allows"
	}
	switch {
	case !e.writes:
		return "the" + strings.TrimPrefix(why, "its")
	case strings.HasSuffix(e.method, "/Txn"):
		return "the transaction was carried out, but " + why
	}
	return "the change was made, but " + why
}
