package userimport

import (
	"context"
	"fmt"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/access/rollback"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/progress"
	"github.com/ectl-io/ectl/internal/quantity"
)

// changes are changes that are made all or none: those of all users, or of one.
type changes struct {
	*run

	steps   *rollback.Sequence
	unknown string // the user that may have been added although its request failed
}

func (r *run) newChanges() *changes {
	return &changes{run: r, steps: rollback.New(r.Session, r.Report.Report)}
}

// count begins to count the users.
func (r *run) count(ctx context.Context) (context.Context, *progress.Counter) {
	ctx, counter := progress.Count(ctx, "Adding users")
	counter.SetTotal(int64(len(r.users)))
	return ctx, counter
}

// changeAll adds the users and grants their roles, all or nothing.
func (r *run) changeAll(ctx context.Context) error {
	ctx, added := r.count(ctx)
	defer added.End()
	c := r.newChanges()
	for _, user := range r.users {
		imported, err := c.add(ctx, user)
		if err != nil {
			return c.undone(ctx, err)
		}
		r.imported = append(r.imported, imported)
		added.Add(1)
	}
	return nil
}

// changeEach adds each user and grants its roles: all of this, or nothing. The others do
// not depend on it. It returns an error only if the command is interrupted.
func (r *run) changeEach(ctx context.Context) error {
	counted, added := r.count(ctx)
	defer added.End()
	absent := map[string]bool{} // users whose passwords are not in effect
	for _, user := range r.users {
		if ctx.Err() != nil {
			absent[user.Name] = true
			continue
		}
		c := r.newChanges()
		imported, err := c.add(counted, user)
		added.Add(1)
		if err == nil {
			r.imported = append(r.imported, imported)
			continue
		}
		absent[user.Name] = c.unknown == "" && !c.steps.Remains()
		if err = c.withUnknown(ctx, err); ctx.Err() == nil {
			r.fail(user, r.Session.Explain(ctx, err))
		}
	}
	r.keepPasswords(func(user policy.User) bool { return !absent[user.Name] })
	if ctx.Err() != nil {
		r.Report.Say(fmt.Sprintf("Interrupted: %d of %s were imported before", len(r.imported), quantity.Of(len(r.Users), "user")))
		return context.Cause(ctx)
	}
	return nil
}

// add adds one user, or takes an existing one, and grants the roles.
func (c *changes) add(ctx context.Context, user policy.User) (User, error) {
	imported := User{Name: user.Name, Created: !c.existing[user.Name], Granted: user.Roles}
	answered := func(h *pb.ResponseHeader) { imported.Header = h }
	if imported.Created {
		adding := rollback.NewUser{
			Name: user.Name, Password: c.passwords[user.Name],
			Generated: user.Password.Source == policy.Generate, NoPassword: user.Password.Source == policy.None,
		}
		if err := c.steps.Do(ctx, named("add user "+user.Name, rollback.AddUser(adding, answered))); err != nil {
			if c.steps.Unknown() {
				c.unknown = user.Name
			}
			return imported, err
		}
	} else {
		var err error
		if imported.Granted, err = reader.LackingRoles(ctx, c.Session, user.Name, user.Roles); err != nil {
			return imported, c.steps.Fail(ctx, err)
		}
	}
	for _, role := range imported.Granted {
		step := rollback.GrantRole(user.Name, role, answered)
		if imported.Created {
			step.Undo = nil // the deletion of the user undoes the grant
		}
		if err := c.steps.Do(ctx, named(fmt.Sprintf("grant role %s to user %s", role, user.Name), step)); err != nil {
			return imported, err
		}
	}
	return imported, nil
}

// named returns a change whose error begins with what it does.
func named(what string, change rollback.Change) rollback.Change {
	do := change.Do
	change.Do = func(ctx context.Context, c *etcd.Client) error {
		if err := do(ctx, c); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	}
	return change
}

// withOutcome adds the outcome to the error of a failed change. The error of an interrupted
// command is not printed, so the outcome is printed at once.
func (r *run) withOutcome(ctx context.Context, err error, outcome string) error {
	if ctx.Err() != nil {
		r.Report.Say("Interrupted: " + outcome)
	}
	return diagnose.WithOutcome(err, outcome)
}

// withUnknown adds to the error of a failed change which user may have been added.
func (c *changes) withUnknown(ctx context.Context, err error) error {
	if c.unknown == "" {
		return err
	}
	return c.withOutcome(ctx, err, fmt.Sprintf("the user %s may have been added: check it with \"user get\"", c.unknown))
}

// undone completes the error of a failed change of all users. Only passwords that may be
// in effect are kept. If a user remains, all of them are.
func (c *changes) undone(ctx context.Context, err error) error {
	err = c.withUnknown(ctx, err)
	kept := c.keepPasswords(func(user policy.User) bool { return c.steps.Remains() || user.Name == c.unknown })
	if kept == 0 {
		return err
	}
	return c.withOutcome(ctx, err, "generated passwords are in "+c.PasswordsOut)
}
