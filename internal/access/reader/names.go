package reader

import (
	"context"
	"slices"

	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/session"
)

// UserNames returns the names of all users.
func UserNames(ctx context.Context, c *etcd.Client) ([]string, error) {
	response, err := c.UserList(ctx)
	if err != nil {
		return nil, err
	}
	return response.Users, nil
}

// RoleNames returns the names of all roles.
func RoleNames(ctx context.Context, c *etcd.Client) ([]string, error) {
	response, err := c.RoleList(ctx)
	if err != nil {
		return nil, err
	}
	return response.Roles, nil
}

// LackingRoles returns the roles of wanted that the user does not have.
func LackingRoles(ctx context.Context, s *session.Session, user string, wanted []string) ([]string, error) {
	response, err := session.CallWith(ctx, s, (*etcd.Client).UserGet, user)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(wanted), func(role string) bool { return slices.Contains(response.Roles, role) }), nil
}
