package role

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.etcd.io/etcd/api/v3/authpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/access/rollback"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/session"
	"github.com/ectl-io/ectl/output"
)

// runAddWithPermissions adds the role and grants its permissions, or changes
// nothing.
func runAddWithPermissions(ctx context.Context, f *cli.Factory, opts *addOptions) error {
	steps := f.Changes()
	result := output.RoleWithPermissions{
		WithGrants: output.WithGrants[*authpb.Permission]{Name: opts.Name, Created: true, Idempotent: opts.IfNotExists},
	}
	granting := opts.Permissions
	var had []*authpb.Permission
	err := steps.Do(ctx, addRole(opts.Name, &result))
	if opts.IfNotExists && errors.Is(err, rpctypes.ErrRoleAlreadyExist) {
		result.Created = false
		if had, err = permissionsOf(ctx, f, opts.Name); err == nil {
			granting = missing(opts.Permissions, had)
		}
	}
	if err != nil {
		return err
	}
	for _, permission := range granting {
		step := grant(opts.Name, permission, &result)
		if !result.Created {
			step = restoring(step, opts.Name, permission, had)
		}
		if err := steps.Do(ctx, step); err != nil {
			return err
		}
	}
	result.Granted = granting
	if !result.Created && len(granting) == 0 {
		f.Say(roleExists(opts.Name) + " with these permissions: unchanged")
	}
	if err := f.Print(result); err != nil {
		return err
	}
	for _, permission := range granting {
		f.WarnOfGrant(plan.Step{Verb: plan.GrantKeys, Role: opts.Name, Permission: reader.Permission(permission)})
	}
	return nil
}

func addRole(name string, result *output.RoleWithPermissions) rollback.Change {
	return rollback.Change{
		Do: func(ctx context.Context, c *etcd.Client) error {
			response, err := c.RoleAdd(ctx, name)
			if err == nil {
				result.Header = response.Header
			}
			return err
		},
		Undo: func(ctx context.Context, c *etcd.Client) error {
			_, err := c.RoleDelete(ctx, name)
			return err
		},
		Absent: rpctypes.ErrRoleNotFound,
		Done:   "the role " + name + " was added",
		Fix:    plan.Step{Verb: plan.DeleteRole, Role: name},
	}
}

func permissionsOf(ctx context.Context, f *cli.Factory, role string) ([]*authpb.Permission, error) {
	response, err := cli.CallWith(ctx, f, (*etcd.Client).RoleGet, role)
	if err != nil {
		return nil, err
	}
	return response.Perm, nil
}

// grant returns the step that grants p to the role. Deleting the role undoes it. For an
// existing role, see restoring.
func grant(role string, p *authpb.Permission, result *output.RoleWithPermissions) rollback.Change {
	return rollback.Change{
		Do: func(ctx context.Context, c *etcd.Client) error {
			response, err := grantPermission(ctx, c, role, p)
			if err == nil {
				result.Header = response.Header
			}
			return err
		},
		Done: fmt.Sprintf("the role %s was granted %s on %s", role, kind(p), keysOf(p)),
	}
}

// restoring adds the undo operation to step, which grants p to an existing role. had
// contains the earlier permissions of the role.
func restoring(step rollback.Change, role string, p *authpb.Permission, had []*authpb.Permission) rollback.Change {
	revoke := func(ctx context.Context, c *etcd.Client) error {
		_, err := c.RoleRevokePermission(ctx, role, string(p.GetKey()), string(p.GetRangeEnd()))
		return err
	}
	step.Undo, step.Absent, step.UndoUnknown = revoke, rpctypes.ErrPermissionNotGranted, true
	step.Fix = plan.Step{Verb: plan.RevokeKeys, Role: role, Permission: reader.Permission(p)}
	if before := onRange(had, keysOf(p)); before != nil {
		step.Undo = func(ctx context.Context, c *etcd.Client) error { return narrow(ctx, c, role, before, revoke) }
		step.Fix = plan.Step{Verb: plan.GrantKeys, Role: role, Permission: reader.Permission(before)}
	}
	return step
}

// narrow replaces a wider permission on the same range with p. A server may report
// success without a change. This happens if the role also has a permission on the
// single key at the start of the range. Then the permission is revoked and granted
// again.
func narrow(ctx context.Context, c *etcd.Client, role string, p *authpb.Permission, revoke session.Request) error {
	if _, err := grantPermission(ctx, c, role, p); err != nil {
		return err
	}
	now, err := c.RoleGet(ctx, role)
	if err != nil {
		return err
	}
	if has := onRange(now.Perm, keysOf(p)); has != nil && has.GetPermType() == p.GetPermType() {
		return nil
	}
	if err := revoke(ctx, c); err != nil {
		return err
	}
	_, err = grantPermission(ctx, c, role, p)
	return err
}

func grantPermission(ctx context.Context, c *etcd.Client, role string, p *authpb.Permission) (*clientv3.AuthRoleGrantPermissionResponse, error) {
	return c.RoleGrantPermission(ctx, role, string(p.GetKey()), string(p.GetRangeEnd()), clientv3.PermissionType(p.GetPermType()))
}

func keysOf(p *authpb.Permission) access.Range {
	return access.Range{Key: p.GetKey(), End: p.GetRangeEnd()}
}

// kind returns the kind of p in the form that grant-permission accepts.
func kind(p *authpb.Permission) string { return strings.ToLower(p.GetPermType().String()) }
