package keepalive

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestWhyALeaseWasNotRenewed(t *testing.T) {
	for want, errs := range map[string][]error{
		"no answer": {
			status.Error(codes.Canceled, "context canceled"), status.Error(codes.DeadlineExceeded, "context deadline exceeded"),
			context.Canceled, fmt.Errorf("log in: %w", context.DeadlineExceeded),
		},
		"etcdserver: no leader": {status.Error(codes.Unavailable, "etcdserver: no leader")},
		"something else":        {errors.New("something else")},
	} {
		for _, err := range errs {
			if got := words(err); got != want {
				t.Errorf("%v is said as %q, want %q", err, got, want)
			}
		}
	}
}
