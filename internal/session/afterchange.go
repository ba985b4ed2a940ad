package session

import (
	"context"
	"time"

	"github.com/ectl-io/ectl/internal/retry"
)

// lagPause and lagLimit bound the retries of requests that the server denies to an
// administrator shortly after a change of users. etcd 3.5 does so until its backend
// commits the change, within 100 ms.
const (
	lagPause = 50 * time.Millisecond
	lagLimit = 5 * time.Second
)

// AfterChange calls request, which follows a change of users. It retries for up to 5
// seconds while the server denies permission.
func AfterChange(ctx context.Context, request func() error) error {
	policy := retry.Policy{
		Backoff: retry.Backoff{Min: lagPause},
		Again:   func(err error) bool { return retry.Is(err, retry.Denied) },
		For:     lagLimit,
	}
	_, err := retry.Do(ctx, policy, func(context.Context) (struct{}, error) { return struct{}{}, request() })
	return err
}

// DoAfterChange makes a request that follows a change of users. It is Do with the
// retries of AfterChange.
func (s *Session) DoAfterChange(ctx context.Context, request Request) error {
	return AfterChange(ctx, func() error { return s.Do(ctx, request) })
}
