// Package response checks that the responses of a server fit their requests.
//
// The check is an interceptor of the client, so every response passes it. A response
// that does not fit becomes an error. The rest of the program can rely on the guarantees
// of a correct server:
//
//   - a response has a header
//   - a listing has the keys that it counts, each once, in order, inside the
//     requested range and of the requested revision, and no more than the limit
//   - a transaction has one part for each operation, of the operation's kind
//   - an event has a key inside the watched range, and events come in order
//   - a list of users or roles has each name once
//   - a lease has an ID, and a TTL that a server can grant
//
// A client cannot detect wrong responses that are consistent with each other.
package response

import (
	"fmt"
	"math"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/protobuf/proto"
)

// Error reports a response that does not fit its request.
type Error struct {
	Method string // name of the RPC: "Range"
	Fault  string // the predicate of a sentence about the response
}

func (e *Error) Error() string {
	return fmt.Sprintf("the server's response to %s is invalid: it %s; query another member with --endpoints", e.Method, e.Fault)
}

func faultf(method, format string, args ...any) error {
	return &Error{method, fmt.Sprintf(format, args...)}
}

// Check checks a response to a request. It returns an *Error if the response does not
// fit. It accepts responses of types that it does not know.
func Check(request, response proto.Message) error {
	switch r := response.(type) {
	case *pb.RangeResponse:
		return checkRange(request, r)
	case *pb.PutResponse:
		return checkPut(request, r)
	case *pb.DeleteRangeResponse:
		return checkDeleteRange(request, r)
	case *pb.TxnResponse:
		return checkTxn(request, r)
	case *pb.CompactionResponse:
		return checkRevision("Compact", r)
	case *pb.LeaseGrantResponse:
		return checkGrant(request, r)
	case *pb.LeaseTimeToLiveResponse:
		return checkTimeToLive(request, r)
	case *pb.LeaseKeepAliveResponse:
		return checkKeepAlive(request, r)
	case *pb.StatusResponse:
		return checkHeader("Status", r)
	case *pb.AuthUserListResponse:
		return checkNames("UserList", r.GetUsers())
	case *pb.AuthRoleListResponse:
		return checkNames("RoleList", r.GetRoles())
	case *pb.AuthUserGetResponse:
		return checkNames("UserGet", r.GetRoles())
	case *pb.HashKVResponse:
		return checkHeader("HashKV", r)
	}
	return nil
}

// maxRevision is more than any store reaches. A revision up to it can be incremented
// without an overflow.
const maxRevision = math.MaxInt64 / 2

// checkHeader checks that a response has a header.
func checkHeader(method string, r interface{ GetHeader() *pb.ResponseHeader }) error {
	header := r.GetHeader()
	if header == nil {
		return faultf(method, "has no header")
	}
	if header.GetRevision() < 0 || header.GetRevision() > maxRevision {
		return faultf(method, "is of revision %d", header.GetRevision())
	}
	return nil
}

// checkRevision checks that a response has a header with the revision of a store.
// Revisions of stores start at 1.
func checkRevision(method string, r interface{ GetHeader() *pb.ResponseHeader }) error {
	if err := checkHeader(method, r); err != nil {
		return err
	}
	if r.GetHeader().GetRevision() == 0 {
		return faultf(method, "is of revision 0")
	}
	return nil
}

// maxQuoted is the max number of bytes of a key in an error.
const maxQuoted = 64

func quoted(key []byte) string {
	if len(key) > maxQuoted {
		return fmt.Sprintf("%q...", key[:maxQuoted])
	}
	return fmt.Sprintf("%q", key)
}
