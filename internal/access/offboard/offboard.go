// Package offboard revokes the roles of a user, and deletes the user.
package offboard

import (
	"context"
	"errors"
	"fmt"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/session"
)

// Result describes the changes of Run.
type Result struct {
	There  bool               // the user existed
	Roles  []string           // the revoked roles
	Header *pb.ResponseHeader // of the deletion; nil if another process had deleted the user
}

// Run revokes the roles of the user and deletes it. If a request fails, Run does not
// roll back, and the error describes the progress.
func Run(ctx context.Context, s *session.Session, name string) (Result, error) {
	var result Result
	user, err := session.CallWith(ctx, s, (*etcd.Client).UserGet, name)
	if err != nil {
		return result, err
	}
	result.There = true
	for _, role := range user.Roles {
		err := take(ctx, s, rpctypes.ErrRoleNotGranted, func(ctx context.Context, c *etcd.Client) error {
			_, err := c.UserRevokeRole(ctx, name, role)
			return err
		})
		if err != nil {
			return result, diagnose.WithOutcome(err, progress(name, result.Roles))
		}
		result.Roles = append(result.Roles, role)
	}
	err = take(ctx, s, rpctypes.ErrUserNotFound, func(ctx context.Context, c *etcd.Client) error {
		response, err := c.UserDelete(ctx, name)
		if err == nil {
			result.Header = response.Header
		}
		return err
	})
	if err != nil {
		return result, diagnose.WithOutcome(err, progress(name, result.Roles))
	}
	return result, nil
}

// take makes a request that removes something. If another process has removed it
// meanwhile, the server returns the error gone, which take treats as success.
func take(ctx context.Context, s *session.Session, gone error, request session.Request) error {
	err := s.DoAfterChange(ctx, request)
	if errors.Is(err, gone) {
		return nil
	}
	return err
}

// progress returns a text on how far a failed offboarding has come.
func progress(name string, revoked []string) string {
	if len(revoked) == 0 {
		return "the user " + name + " is not deleted, and none of its roles is known to be revoked; run the command again"
	}
	return fmt.Sprintf("the user %s is not deleted; revoked from it: %s; run the command again", name, strings.Join(revoked, ", "))
}
