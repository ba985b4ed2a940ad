package session

import (
	"context"
	"time"

	"github.com/ectl-io/ectl/internal/retry"
)

// lagPause and lagLimit bound how often a request is repeated that the server
// denies to an administrator whose request before it allowed: etcd 3.5 does so
// until its backend commits the change of a user, within 100 ms.
const (
	lagPause = 50 * time.Millisecond
	lagLimit = 5 * time.Second
)

// AfterChange calls request, which follows a change of users, until the server
// has caught up with that change.
func AfterChange(ctx context.Context, request func() error) error {
	policy := retry.Policy{
		Backoff: retry.Backoff{Min: lagPause},
		Again:   func(err error) bool { return retry.Is(err, retry.Denied) },
		For:     lagLimit,
	}
	_, err := retry.Do(ctx, policy, func(context.Context) (struct{}, error) { return struct{}{}, request() })
	return err
}

// DoAfterChange makes a request, as Do does, that follows a change of users.
func (s *Session) DoAfterChange(ctx context.Context, request Request) error {
	return AfterChange(ctx, func() error { return s.Do(ctx, request) })
}
