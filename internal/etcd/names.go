package etcd

import (
	"context"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/exit"
)

// The requests that create a name, in place of those of the client library. No
// other request can make a server store one: the name has to exist.

// UserAdd adds a user, unless no server survives its name.
func (c *Client) UserAdd(ctx context.Context, name, password string) (*clientv3.AuthUserAddResponse, error) {
	return c.UserAddWithOptions(ctx, name, password, &clientv3.UserAddOptions{NoPassword: false})
}

// UserAddWithOptions adds a user, unless no server survives its name.
func (c *Client) UserAddWithOptions(ctx context.Context, name, password string, options *clientv3.UserAddOptions) (*clientv3.AuthUserAddResponse, error) {
	if err := access.CheckName("user", name); err != nil {
		return nil, exit.With(exit.BadArgs, err)
	}
	return c.Client.UserAddWithOptions(ctx, name, password, options)
}

// RoleAdd adds a role, unless no server survives its name.
func (c *Client) RoleAdd(ctx context.Context, name string) (*clientv3.AuthRoleAddResponse, error) {
	if err := access.CheckName("role", name); err != nil {
		return nil, exit.With(exit.BadArgs, err)
	}
	return c.Client.RoleAdd(ctx, name)
}
