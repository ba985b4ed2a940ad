package rollback

import (
	"context"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/session"
)

// NewUser is a user to add.
type NewUser struct {
	Name, Password string
	Generated      bool // the password was generated, so no other process knows it
	NoPassword     bool // a client certificate identifies the user
}

// AddUser returns the change that adds a user. answered receives the header of the
// response.
//
// If the response is lost, another process may have added the user, so it must not be
// deleted. A login with a generated password proves that this process has added it.
func AddUser(user NewUser, answered func(*pb.ResponseHeader)) Change {
	change := Change{
		Do: func(ctx context.Context, c *etcd.Client) error {
			response, err := c.UserAddWithOptions(ctx, user.Name, user.Password, &clientv3.UserAddOptions{NoPassword: user.NoPassword})
			if err == nil {
				answered(response.Header)
			}
			return err
		},
		Undo: func(ctx context.Context, c *etcd.Client) error {
			_, err := c.UserDelete(ctx, user.Name)
			return err
		},
		Absent: rpctypes.ErrUserNotFound,
		Done:   "the user " + user.Name + " was added",
		Fix:    plan.Step{Verb: plan.DeleteUser, User: user.Name},
	}
	if user.Generated {
		change.Prove = func(ctx context.Context, s *session.Session) error {
			client, err := s.Client(ctx)
			if err != nil {
				return err
			}
			return s.Login(ctx, client, user.Name, user.Password)
		}
	}
	return change
}

// GrantRole returns the change that grants a role to a user that does not have it. If the
// sequence has added the user, remove Undo: the deletion of the user undoes the grant.
// answered receives the header of the response.
func GrantRole(user, role string, answered func(*pb.ResponseHeader)) Change {
	return Change{
		Do: func(ctx context.Context, c *etcd.Client) error {
			response, err := c.UserGrantRole(ctx, user, role)
			if err == nil {
				answered(response.Header)
			}
			return err
		},
		Undo: func(ctx context.Context, c *etcd.Client) error {
			_, err := c.UserRevokeRole(ctx, user, role)
			return err
		},
		Absent:      rpctypes.ErrRoleNotGranted,
		UndoUnknown: true,
		Done:        "the role " + role + " was granted to " + user,
		Fix:         plan.Step{Verb: plan.RevokeRole, User: user, Role: role},
	}
}
