package reader

import (
	"context"

	"github.com/ectl-io/ectl/internal/session"
)

// ReadAs reads all users and roles as the user of the session.
func ReadAs(ctx context.Context, s *session.Session) (Snapshot, error) {
	client, err := s.Client(ctx)
	if err != nil {
		return Snapshot{}, err
	}
	return Read(ctx, client, s.Timeout)
}
