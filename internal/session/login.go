package session

import (
	"context"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/retry"
)

// loginAttempts is the maximum number of logins that are tried if concurrent changes
// of users or roles make them invalid.
const loginAttempts = 10

// Login logs in as the user name through api, within the command's timeout. It does
// not change the user of the session.
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
