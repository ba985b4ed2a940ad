package role

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/authpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

// grantPermissionOptions holds the arguments and flags of "role grant-permission".
type grantPermissionOptions struct {
	Role        string
	Access      access.Access
	Range       cli.KeyRange
	IfNotExists bool
}

// permission returns the permission to grant.
func (o *grantPermissionOptions) permission() access.Permission {
	return access.Permission{Access: o.Access, Range: o.Range.Range()}
}

func (o *grantPermissionOptions) step() plan.Step {
	return plan.Step{Verb: plan.GrantKeys, Role: o.Role, Permission: o.permission()}
}

func newGrantPermissionCmd(f *cli.Factory) *cobra.Command {
	opts := &grantPermissionOptions{}
	cmd := &cobra.Command{
		Use:   "grant-permission ROLE read|write|readwrite KEY [END]",
		Short: "Grant a permission on a key or a range of keys to a role",
		Long: `Grant a permission on keys to a role. KEY alone is one key. KEY END is the range
from KEY up to END, without END. --prefix and --from-key are larger ranges.

The prefix /app also covers /app2. To avoid this, end a prefix with the
separator: /app/.

A role has one permission on a range, so the grant replaces an earlier one on
the same range. A warning reports access that this takes away, and grants that
"rbac lint" would report. With --if-not-exists, the grant takes nothing away. No
request for a change is sent if the role already has the access.`,
		Example: `  # Grant a prefix.
  ectl role grant-permission app readwrite /app/ --prefix
  # Grant one key.
  ectl role grant-permission app read /config`,
		Args:              cli.Args(3, cli.Unlimited, "a role name, read, write or readwrite, and a key [and an end key]"),
		RunE:              cli.RunRequest(f, opts, runGrantPermission),
		ValidArgsFunction: completions.Args(f, completions.Roles, completions.AccessKinds, completions.Keys, completions.Keys),
	}
	opts.Range.AddFlags(cmd.Flags(), "grant the permission on")
	cmd.Flags().BoolVar(&opts.IfNotExists, "if-not-exists", false, "only add access that the role does not have on this range")
	return cmd
}

// Complete implements cli.Options.
func (o *grantPermissionOptions) Complete(f *cli.Factory, _ *cobra.Command, args []string) error {
	o.Role = args[0]
	kind, err := clientv3.StrToPermissionType(args[1])
	if err != nil {
		return exit.BadArgsf("%w: want read, write or readwrite%s", err, cli.AccessHint(args[1]))
	}
	o.Access = reader.Permission(&authpb.Permission{PermType: authpb.Permission_Type(kind)}).Access
	warnOfIgnoredEnd(f, args[2:])
	return o.Range.Complete(args[2:], cli.EmptyKeyIsFirst)
}

func runGrantPermission(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *grantPermissionOptions) error {
	before, err := roleOf(ctx, c, opts.Role)
	if err != nil && opts.IfNotExists {
		return err
	}
	had := accessOn(before, opts.Range.Range())
	if opts.IfNotExists {
		opts.Access |= had // a role has one permission on a range
		if had.Has(opts.Access) {
			f.Say(fmt.Sprintf("Role %s has %s: unchanged", opts.Role, opts.permission()))
			return f.Print(output.PermissionGranted(opts.Role, opts.permission(), nil).Unchanged())
		}
	}
	key, end := opts.Range.Key, opts.Range.End
	response, err := c.RoleGrantPermission(ctx, opts.Role, key, end, reader.PermissionType(opts.Access))
	if err != nil {
		return err
	}
	change := output.PermissionGranted(opts.Role, opts.permission(), response)
	if opts.IfNotExists {
		change = change.Idempotent()
	}
	if had == opts.Access {
		change = change.WithoutEffect()
	}
	if err := f.Print(change); err != nil {
		return err
	}
	if !opts.Access.Has(had) {
		warnOfNarrowing(ctx, f, c, opts, before)
	}
	f.WarnOfGrant(opts.step())
	return nil
}

// grantedTo returns the role with the permission in place of others on the same range.
func (o *grantPermissionOptions) grantedTo(role access.Role) access.Role {
	after := access.Role{Name: role.Name, Permissions: []access.Permission{o.permission()}}
	for _, p := range role.Permissions {
		if !p.Range.Equal(o.Range.Range()) {
			after.Permissions = append(after.Permissions, p)
		}
	}
	return after
}

// roleOf reads the role.
func roleOf(ctx context.Context, c *etcd.Client, name string) (access.Role, error) {
	response, err := c.RoleGet(ctx, name)
	if err != nil {
		return access.Role{}, err
	}
	role := access.Role{Name: name}
	for _, p := range response.Perm {
		role.Permissions = append(role.Permissions, reader.Permission(p))
	}
	return role, nil
}

// accessOn returns the access that permissions of the role on exactly keys allow.
func accessOn(role access.Role, keys access.Range) access.Access {
	for _, p := range access.Merged(role.Permissions) {
		if p.Range.Equal(keys) {
			return p.Access
		}
	}
	return 0
}

// warnOfNarrowing warns that the grant has replaced one with more access. before is the
// role before the grant. It reads the role again, because a server may report success
// and keep the wider permission.
func warnOfNarrowing(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *grantPermissionOptions, before access.Role) {
	keys := opts.Range.Range()
	old := opts.step()
	old.Permission.Access = accessOn(before, keys)
	after, err := roleOf(ctx, c, opts.Role)
	if f.DryRun() {
		after = opts.grantedTo(before)
	}
	if err != nil {
		f.Warn(fmt.Sprintf("role %s on %s: was %s; to restore it: %s", opts.Role, keys, old.Permission.Access, f.StepLine(old)))
		return
	}
	now := accessOn(after, keys)
	switch lost := loses(before, after); {
	case now == old.Permission.Access:
		revoke := opts.step()
		revoke.Verb = plan.RevokeKeys
		f.Warn(fmt.Sprintf("role %s on %s: was %s, and still is: the server did not narrow it; to narrow it: %s; %s",
			opts.Role, keys, now, f.StepLine(revoke), f.StepLine(opts.step())))
	case lost:
		f.Warn(fmt.Sprintf("role %s on %s: was %s, is %s; to restore it: %s", opts.Role, keys, old.Permission.Access, now, f.StepLine(old)))
	}
}

// loses reports whether the role allows less after the change.
func loses(before, after access.Role) bool {
	was, is := before.Effective(), after.Effective()
	return !was.Read.Difference(is.Read).IsEmpty() || !was.Write.Difference(is.Write).IsEmpty()
}
