package diagnose

import (
	"context"
	"fmt"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/access"
)

// limits returns the explanations of errors about a limit. They name the options that
// set it.
func limits() []explanation {
	const received, raise = "the server received it and refused it", "split the request, or raise etcd's --max-request-bytes (1.5 MiB by default)"
	exhausted := func(is func(message string) bool) func(error) bool {
		return func(err error) bool {
			return status.Code(err) == codes.ResourceExhausted && is(status.Convert(err).Message())
		}
	}
	const sending = "trying to send message larger than max"
	return []explanation{
		server(received, "; ", raise, rpctypes.ErrRequestTooLarge),
		recognised(exhausted(IsTooLarge), received, "; ", raise, tooLarge),
		recognised(exhausted(func(message string) bool { return strings.Contains(message, sending) }),
			"nothing was sent", "; ", "split the request, or raise --max-request-bytes (2 MiB by default), and etcd's --max-request-bytes with it", sending),
		server("", "", "split the transaction, or raise etcd's --max-txn-ops (128 by default); make-mirror has --max-txn-ops", rpctypes.ErrTooManyOps),
		server("the member has too many requests that are not yet applied", "; ", "try again later", rpctypes.ErrTooManyRequests),
		server("the maximum is 9,000,000,000 seconds", "", "", rpctypes.ErrLeaseTTLTooLarge),
	}
}

// reasonOfInvalidAuth explains the server's "invalid auth management".
func (d *Diagnosis) reasonOfInvalidAuth() string {
	r, _ := d.refusal(rpctypes.ErrInvalidAuthMgmt.Error())
	const advice = " while authentication is on; \"auth disable\" turns it off"
	switch m := r.Message.(type) {
	case *pb.AuthUserDeleteRequest:
		return "the user root is needed" + advice
	case *pb.AuthRoleDeleteRequest:
		return "the role root is needed" + advice
	case *pb.AuthUserRevokeRoleRequest:
		return "the user root needs the role root" + advice
	case *pb.AuthRoleGrantPermissionRequest:
		if p := m.GetPerm(); len(p.GetRangeEnd()) > 0 {
			return fmt.Sprintf("the range is empty: its end %s is not after its start %s", keyName(p.GetRangeEnd()), keyName(p.GetKey()))
		}
		return "the permission is not valid: a key must not be empty"
	}
	return ""
}

func keyName(key []byte) string { return brief(access.DescribeKey(key)) }

// reasonOfCompaction names the oldest revision that is left.
func (d *Diagnosis) reasonOfCompaction(ctx context.Context) string {
	r, found := d.refusal(rpctypes.ErrCompacted.Error())
	if !found {
		return ""
	}
	key, end := []byte{0}, []byte(nil)
	if all := keyAccesses(r.Message); len(all) > 0 {
		key, end = all[0].Range.Key, all[0].Range.End
	}
	var oldest int64
	_ = d.askWith(ctx, r, func(ctx context.Context) error {
		// A watch of a revision that was compacted ends with the last compaction.
		watch, err := pb.NewWatchClient(r.Conn).Watch(ctx)
		if err != nil {
			return err
		}
		create := &pb.WatchCreateRequest{Key: key, RangeEnd: end, StartRevision: 1}
		if err := watch.Send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: create}}); err != nil {
			return err
		}
		for oldest == 0 {
			response, err := watch.Recv()
			if err != nil {
				return err
			}
			if oldest = response.GetCompactRevision(); response.GetCanceled() {
				break
			}
		}
		return nil
	})
	if oldest == 0 {
		return ""
	}
	return fmt.Sprintf("the oldest revision that is left is %d", oldest)
}
