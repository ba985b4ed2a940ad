package user

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/access/rollback"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/internal/suggest"
	"github.com/ectl-io/ectl/output"
)

// runAddWithRoles adds the user and grants its roles, or changes nothing.
func runAddWithRoles(ctx context.Context, f *cli.Factory, opts *addOptions) error {
	if opts.Password.Generate {
		return runAddGeneratedWithRoles(ctx, f, opts)
	}
	asksFirst := opts.Password.AsksFirst(f)
	if asksFirst { // a missing role is found before the question
		if err := rolesExist(ctx, f, opts.Roles); err != nil {
			return err
		}
	}
	there, err := opts.isThereBeforeQuestion(ctx, f)
	switch {
	case err != nil:
		return err
	case there && !opts.IfNotExists:
		return rpctypes.ErrUserAlreadyExist
	}
	var password string
	if !there {
		if password, err = opts.newPassword(ctx, f); err != nil {
			return err
		}
	}
	if !asksFirst {
		if err := rolesExist(ctx, f, opts.Roles); err != nil {
			return err
		}
	}
	result, err := addWithRoles(ctx, f, opts, password, there)
	if err != nil {
		return err
	}
	return f.Print(result)
}

// runAddGeneratedWithRoles adds the user with a generated password and grants its
// roles, or changes nothing. It prints the password before it adds the user.
func runAddGeneratedWithRoles(ctx context.Context, f *cli.Factory, opts *addOptions) error {
	if err := rolesExist(ctx, f, opts.Roles); err != nil {
		return err
	}
	there, err := opts.isThere(ctx, f)
	switch {
	case err != nil:
		return err
	case there && !opts.IfNotExists:
		return rpctypes.ErrUserAlreadyExist
	case there:
		result, err := addWithRoles(ctx, f, opts, "", there) // grants the missing roles
		if err != nil {
			return err
		}
		return f.Print(result)
	}
	password, delivery, err := opts.deliver(ctx, f, opts.Roles)
	if err != nil {
		return err
	}
	alone := *opts
	alone.IfNotExists = false // an existing user would keep its old password
	result, err := addWithRoles(ctx, f, &alone, password, false)
	result.Idempotent = true
	if err == nil {
		return delivery.Finish(result)
	}
	effect := secret.NotInEffect
	if !errors.Is(err, rpctypes.ErrUserAlreadyExist) {
		effect = opts.effect(ctx, f, password)
	}
	result.Created, result.Granted, result.Failed, result.Unknown = false, nil, true, effect != secret.NotInEffect
	return delivery.Fail(ctx, err, effect, result)
}

// addWithRoles adds the user and grants its roles. An existing user is granted the
// roles that it lacks. A user that was there is not added: if another process has deleted
// it meanwhile, it would get an empty password, because none was read.
func addWithRoles(ctx context.Context, f *cli.Factory, opts *addOptions, password string, there bool) (output.UserWithRoles, error) {
	steps := f.Changes()
	result := output.UserWithRoles{
		WithGrants: output.WithGrants[string]{Name: opts.Name, Created: true, Idempotent: opts.IfNotExists},
	}
	granting := opts.Roles
	answered := func(h *pb.ResponseHeader) { result.Header = h }
	err := rpctypes.ErrUserAlreadyExist
	if !there {
		err = steps.Do(ctx, rollback.AddUser(opts.user(password), answered))
	}
	if opts.IfNotExists && errors.Is(err, rpctypes.ErrUserAlreadyExist) {
		result.Created = false
		granting, err = reader.LackingRoles(ctx, f.Session, opts.Name, opts.Roles)
	}
	if err != nil {
		return result, err
	}
	for _, role := range granting {
		step := rollback.GrantRole(opts.Name, role, answered)
		if result.Created {
			step.Undo = nil // the deletion of the user undoes the grant
		}
		if err := steps.Do(ctx, step); err != nil {
			return result, err
		}
	}
	result.Granted = granting
	if !result.Created && len(granting) == 0 {
		f.Say(opts.exists() + " with these roles: unchanged")
	}
	for _, role := range granting {
		f.WarnOfGrant(plan.Step{Verb: plan.GrantRole, User: opts.Name, Role: role})
	}
	return result, nil
}

// rolesExist returns an error that names the roles that do not exist.
func rolesExist(ctx context.Context, f *cli.Factory, names []string) error {
	roles, err := cli.Call(ctx, f, reader.RoleNames)
	if err != nil {
		return err
	}
	var unknown []string
	for _, name := range names {
		if slices.Contains(roles, name) {
			continue
		}
		if hint := suggest.Hint(name, roles); hint != "" {
			name += " (" + hint + ")"
		}
		unknown = append(unknown, name)
	}
	if len(unknown) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s; nothing was changed; \"role list\" lists the roles, \"role add\" adds one", rpctypes.ErrRoleNotFound, strings.Join(unknown, ", "))
}
