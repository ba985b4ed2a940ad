package reader

import (
	"context"

	"go.etcd.io/etcd/api/v3/authpb"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/etcd"
)

// Readable returns the keys that the roles of the client's user allow to read. Every
// user may request its own roles. The result is empty if the client does not know the
// name of its user, because it uses a certificate or a token.
func Readable(ctx context.Context, c *etcd.Client) (access.Set, error) {
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
