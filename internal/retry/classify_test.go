package retry

import (
	"context"
	"errors"
	"fmt"
	"io"
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

func TestTheClassOfAnError(t *testing.T) {
	for _, test := range []struct {
		err  error
		want Class
	}{
		{nil, Final},
		{errors.New("something else"), Final},
		{context.Canceled, Final},
		{rpctypes.ErrRoleNotFound, Final},
		{rpctypes.ErrNoLeader, Transient},
		{rpctypes.ErrTimeout, Transient},
		{rpctypes.ErrPermissionDenied, Denied},
		{rpctypes.ErrInvalidAuthToken, UnknownToken},
		{rpctypes.ErrAuthOldRevision, StaleToken},
		{rpctypes.ErrTooManyRequests, Overloaded},
		{rpctypes.ErrFutureRev, Behind},
		{context.DeadlineExceeded, TimedOut},
		{status.Error(codes.Unavailable, "connection refused"), Transient},
		{status.Error(codes.Unknown, "raft proposal dropped"), Transient},
		{status.Error(codes.DeadlineExceeded, "context deadline exceeded"), TimedOut},
		{status.Error(codes.Canceled, "grpc: the client connection is closing"), Aborted},
		{status.Error(codes.Aborted, "from a proxy"), Aborted},
		{status.Error(codes.Internal, "stream terminated by RST_STREAM"), Broken},
		{io.EOF, Broken},
	} {
		for _, err := range []error{test.err, wrapped(test.err)} {
			if got := ClassOf(err); got != test.want {
				t.Errorf("the class of %v is %d, want %d", err, got, test.want)
			}
		}
	}
	if err := rpctypes.ErrFutureRev; !Is(err, Behind|Denied) || Is(err, Transient|Denied) || Is(err, Final) {
		t.Error("Is does not look for one of several classes")
	}
}

func wrapped(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("a command: %w", err)
}
