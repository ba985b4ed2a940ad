package etcd

import (
	"context"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/exit"
)

// The following methods replace those of the client library that create a name. Other
// requests cannot make a server store a new name, because they need an existing one.

// UserAdd adds a user. It returns an error with the status BadArgs for a name that would
// crash servers.
func (c *Client) UserAdd(ctx context.Context, name, password string) (*clientv3.AuthUserAddResponse, error) {
	return c.UserAddWithOptions(ctx, name, password, &clientv3.UserAddOptions{NoPassword: false})
}

// UserAddWithOptions adds a user. It returns an error with the status BadArgs for a name
// that would crash servers. It does not send an empty name: the client library would treat
// the error of the server as a lost login, and would retry for seconds.
func (c *Client) UserAddWithOptions(ctx context.Context, name, password string, options *clientv3.UserAddOptions) (*clientv3.AuthUserAddResponse, error) {
	if name == "" {
		return nil, EmptyName()
	}
	if err := access.CheckName("user", name); err != nil {
		return nil, exit.With(exit.BadArgs, err)
	}
	return c.Client.UserAddWithOptions(ctx, name, password, options)
}

// EmptyName returns the server's error for a user with an empty name.
func EmptyName() error {
	return diagnose.WithReason(rpctypes.ErrUserEmpty, "give the name of the new user")
}

// RoleAdd adds a role. It returns an error with the status BadArgs for a name that would
// crash servers.
func (c *Client) RoleAdd(ctx context.Context, name string) (*clientv3.AuthRoleAddResponse, error) {
	if err := access.CheckName("role", name); err != nil {
		return nil, exit.With(exit.BadArgs, err)
	}
	return c.Client.RoleAdd(ctx, name)
}
