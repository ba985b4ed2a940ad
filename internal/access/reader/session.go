package reader

import (
	"context"
	"errors"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/session"
)

// ReadAs reads all users and roles as the user of the session.
func ReadAs(ctx context.Context, s *session.Session) (Snapshot, error) {
	client, err := s.Client(ctx)
	if err != nil {
		return Snapshot{}, err
	}
	snapshot, err := Read(ctx, client, s.Timeout)
	if errors.Is(err, rpctypes.ErrPermissionDenied) {
		err = diagnose.WithReason(err, "only root may look at all users and roles; whoami and rbac can-i answer about yourself")
	}
	return snapshot, err
}
