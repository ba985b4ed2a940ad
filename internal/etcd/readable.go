package etcd

import (
	"context"

	"go.etcd.io/etcd/api/v3/authpb"

	"github.com/ectl-io/ectl/internal/access"
)

// Readable returns the keys that the roles of the client's user allow to read.
// Every user may ask for that. Of a client that does not know its user's name,
// one with a certificate or a token, it knows none.
func (c *Client) Readable(ctx context.Context) (access.Set, error) {
	if c.Username == "" {
		return access.Set{}, nil
	}
	user, err := c.UserGet(ctx, c.Username)
	if err != nil {
		return access.Set{}, err
	}
	var readable []access.Range
	for _, name := range user.Roles {
		if name == access.RootRole {
			return access.EveryKey(), nil
		}
		role, err := c.RoleGet(ctx, name)
		if err != nil {
			return access.Set{}, err
		}
		for _, perm := range role.Perm {
			if perm.GetPermType() != authpb.WRITE {
				readable = append(readable, access.Range{Key: perm.GetKey(), End: perm.GetRangeEnd()})
			}
		}
	}
	return access.SetOf(readable...), nil
}
