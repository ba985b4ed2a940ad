package session

import (
	"context"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/retry"
)

// loginAttempts is how often a login is tried that a change of users or roles,
// at the same time, has made void.
const loginAttempts = 10

// Login logs in as the user through api, within the command's timeout. It does not
// change who the session is.
func (s *Session) Login(ctx context.Context, api clientv3.Auth, name, password string) error {
	ctx, cancel := s.Timeout(ctx)
	defer cancel()
	var err error
	for range loginAttempts {
		if _, err = api.Authenticate(ctx, name, password); !retry.Is(err, retry.StaleToken) {
			break
		}
	}
	return err
}
