package etcd

import (
	"context"
	"errors"
	"testing"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestWhatPassesAndWhatIsDoubtful(t *testing.T) {
	for _, c := range []struct {
		err              error
		passes, doubtful bool
	}{
		{status.Error(codes.Unavailable, "connection refused"), true, true},
		{rpctypes.ErrNoLeader, true, true},
		{status.Error(codes.Unknown, "raft proposal dropped"), true, false}, // it was not made
		{status.Error(codes.Unknown, "something else"), false, false},
		{rpctypes.ErrPermissionDenied, false, false},
		{context.DeadlineExceeded, false, true},
		{errors.New("something else"), false, true},
		{nil, false, false},
	} {
		if passes, doubtful := Passes(c.err), Doubtful(c.err); passes != c.passes || doubtful != c.doubtful {
			t.Errorf("%v passes: %v, is doubtful: %v; want %v and %v", c.err, passes, doubtful, c.passes, c.doubtful)
		}
	}
}
