package retry

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestWhatPassesAndWhatIsOutcomeUnknown(t *testing.T) {
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
		if passes, doubtful := IsTransient(c.err), OutcomeUnknown(c.err); passes != c.passes || doubtful != c.doubtful {
			t.Errorf("%v passes: %v, is doubtful: %v; want %v and %v", c.err, passes, doubtful, c.passes, c.doubtful)
		}
	}
}

func TestWhichErrorsLeaveADoubtAboutAChange(t *testing.T) {
	for _, test := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{rpctypes.ErrRoleNotFound, false},
		{rpctypes.ErrPermissionDenied, false},
		{rpctypes.ErrTooManyRequests, false},
		{status.Error(codes.Unknown, "auth: authentication failed, password was given for no password user"), false},
		{rpctypes.ErrTimeout, true},
		{rpctypes.ErrLeaderChanged, true},
		{context.DeadlineExceeded, true},
		{fmt.Errorf("wrapped: %w", context.Canceled), true},
		{status.Error(codes.Unavailable, "EOF"), true},
		{errors.New("something on the way"), true},
	} {
		if got := OutcomeUnknown(test.err); got != test.want {
			t.Errorf("OutcomeUnknown(%v) = %t, want %t", test.err, got, test.want)
		}
	}
}
