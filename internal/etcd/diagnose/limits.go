package diagnose

import (
	"context"
	"errors"
	"fmt"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/access"
)

// reasonOfLimit names the options that set the limit which a request exceeds. It returns
// an empty string for other errors.
func reasonOfLimit(err error) string {
	const raise = "split the request, or raise etcd's --max-request-bytes (1.5 MiB by default)"
	message := status.Convert(err).Message()
	switch {
	case errors.Is(err, rpctypes.ErrRequestTooLarge):
		return "the server received it and refused it; " + raise
	case status.Code(err) == codes.ResourceExhausted && IsTooLarge(message):
		return "the server received it and refused it; " + raise
	case status.Code(err) == codes.ResourceExhausted && strings.Contains(message, "trying to send message larger than max"):
		return "nothing was sent; split the request, or raise --max-request-bytes (2 MiB by default), and etcd's --max-request-bytes with it"
	case errors.Is(err, rpctypes.ErrTooManyOps):
		return "split the transaction, or raise etcd's --max-txn-ops (128 by default); make-mirror has --max-txn-ops"
	case errors.Is(err, rpctypes.ErrTooManyRequests):
		return "the member has too many requests that are not yet applied; try again later"
	case errors.Is(err, rpctypes.ErrLeaseTTLTooLarge):
		return "the maximum is 9,000,000,000 seconds"
	}
	return ""
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
