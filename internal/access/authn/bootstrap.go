package authn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/access/reconcile"
	"github.com/ectl-io/ectl/internal/access/rollback"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/internal/retry"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/internal/session"
)

// Bootstrap enables authentication for the first time, and verifies that root can log
// in. It skips steps that are already done, so it can run again.
type Bootstrap struct {
	Session *session.Session // of the user who runs the command
	Root    *session.Session // of the user root

	Password   string // password of root; empty if root logs in with a certificate
	NoPassword bool   // root is added without a password
	Generated  bool   // the password was generated

	// Again prompts for root's password a second time, because the first prompt was
	// one for a login. It is nil if no prompt is needed.
	Again func(context.Context) error

	Reconciler *reconcile.Reconciler // applies a policy; nil if there is no policy
	Agree      func(context.Context, *plan.Plan) error

	Report Report

	outcome Outcome
}

// Report contains the callbacks through which a Bootstrap prints messages.
type Report struct {
	rollback.Report

	Step    func(changed bool, line string) error                                               // prints a step
	Deliver func(ctx context.Context, line string, passwords ...secret.GeneratedPassword) error // prints generated passwords
	Failed  func(reconcile.Result)                                                              // prints what a failed apply has changed
}

// Outcome describes the state of root's generated password.
type Outcome struct {
	Delivered bool // it was printed
	Effect    secret.Effect
}

// Run runs all steps. It returns the outcome also with an error.
func (b *Bootstrap) Run(ctx context.Context) (Outcome, error) {
	err := b.run(ctx)
	return b.outcome, err
}

func (b *Bootstrap) run(ctx context.Context) error {
	client, err := b.Session.Client(ctx)
	if err != nil {
		return err
	}
	if err := client.RefusePassword(); err != nil { // a password of root or of a rescuer
		return err
	}
	on, err := reader.Enabled(ctx, client, b.Session.Timeout)
	switch {
	case err != nil:
		return err
	case on:
		err = b.ifOn(ctx)
	default:
		err = b.ifOff(ctx)
	}
	if err != nil || b.Reconciler == nil {
		return err
	}
	return b.expect(ctx)
}

const proven = "Root logged in and can administer"

func either(changed bool, then, otherwise string) string {
	if changed {
		return then
	}
	return otherwise
}

// ifOn verifies that root can log in if authentication is already on.
func (b *Bootstrap) ifOn(ctx context.Context) error {
	if b.Generated {
		return errors.New("authentication is already on, so no password was generated and nothing was changed; pass root's password to verify it")
	}
	if err := prove(ctx, b.Root, b.Root.Do); err != nil {
		return diagnose.WithOutcome(err, "authentication is already on, and root could not log in; nothing was changed")
	}
	if err := b.Report.Step(false, "Authentication is on already"); err != nil {
		return err
	}
	if err := b.dismissOld(ctx, b.Root); err != nil {
		return err
	}
	if err := b.apply(ctx, b.Root); err != nil {
		return err
	}
	return b.Report.Step(false, proven)
}

// ifOff creates root, applies the policy, and enables authentication.
func (b *Bootstrap) ifOff(ctx context.Context) error {
	if b.Again != nil { // the login test cannot detect a mistyped password
		if err := b.Again(ctx); err != nil {
			return err
		}
	}
	if b.Generated {
		if err := b.Report.Deliver(ctx, "Password of root generated", secret.GeneratedPassword{User: access.RootUser, Password: b.Password}); err != nil {
			return err
		}
		b.outcome = Outcome{Delivered: true, Effect: secret.NotInEffect}
	}
	if err := b.dismissOld(ctx, b.Session); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{b.rootRole, b.rootUser, b.rootGrant} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	err := b.apply(ctx, b.Session)
	if errors.Is(err, etcd.ErrDryRunOver) { // the policy is the last step before
		return b.Session.Do(ctx, Enable)
	}
	if err != nil {
		return err
	}
	if err := enableProven(ctx, b.Session, b.Root, b.Report.Report); err != nil {
		return err
	}
	if err := b.Report.Step(true, "Authentication enabled"); err != nil {
		return err
	}
	return b.Report.Step(true, proven)
}

// change makes a request and reports whether it changed anything. The server returns
// the error there if the change was already made.
func (b *Bootstrap) change(ctx context.Context, there error, request session.Request) (changed bool, err error) {
	err = b.Session.Do(ctx, request)
	if errors.Is(err, there) {
		return false, nil
	}
	return err == nil, err
}

func (b *Bootstrap) rootRole(ctx context.Context) error {
	added, err := b.change(ctx, rpctypes.ErrRoleAlreadyExist, func(ctx context.Context, c *etcd.Client) error {
		_, err := c.RoleAdd(ctx, access.RootRole)
		return err
	})
	if err != nil {
		return err
	}
	return b.Report.Step(added, either(added, "Role root created", "Role root exists"))
}

func (b *Bootstrap) rootUser(ctx context.Context) error {
	added, err := b.change(ctx, rpctypes.ErrUserAlreadyExist, func(ctx context.Context, c *etcd.Client) error {
		_, err := c.UserAddWithOptions(ctx, access.RootUser, b.Password, &clientv3.UserAddOptions{NoPassword: b.NoPassword})
		return err
	})
	b.sent(added, err)
	if err != nil {
		return err
	}
	if added || b.Password == "" {
		return b.Report.Step(added, either(added, "User root created", "User root exists"))
	}
	if err := b.Report.Step(false, "User root exists"); err != nil {
		return err
	}
	// The client cannot read the current password, nor test it while authentication
	// is off.
	err = b.Session.Do(ctx, func(ctx context.Context, c *etcd.Client) error {
		_, err := c.UserChangePassword(ctx, access.RootUser, b.Password)
		return err
	})
	b.sent(err == nil, err)
	if err != nil {
		return err
	}
	return b.Report.Step(true, "Password of root set")
}

// sent records the outcome of the request that sets root's password.
func (b *Bootstrap) sent(done bool, err error) {
	switch {
	case done:
		b.outcome.Effect = secret.InEffect
	case retry.OutcomeUnknown(err):
		b.outcome.Effect = secret.EffectUnknown
	}
}

// rootGrant grants the role root to the user root. It first reads the roles, because
// the server also accepts a grant of a role that the user already has.
func (b *Bootstrap) rootGrant(ctx context.Context) error {
	user, err := session.CallWith(ctx, b.Session, (*etcd.Client).UserGet, access.RootUser)
	if err != nil {
		return err
	}
	holds := slices.Contains(user.Roles, access.RootRole)
	if !holds {
		if err := b.Session.Do(ctx, func(ctx context.Context, c *etcd.Client) error {
			_, err := c.UserGrantRole(ctx, access.RootUser, access.RootRole)
			return err
		}); err != nil {
			return err
		}
	}
	return b.Report.Step(!holds, either(!holds, "Role root granted to user root", "User root has the role root"))
}

// dismissOld deletes, as s, the rescuers that killed runs have left.
func (b *Bootstrap) dismissOld(ctx context.Context, s *session.Session) error {
	users, err := session.Call(ctx, s, reader.UserNames)
	if err != nil {
		return err
	}
	for _, name := range users {
		if !strings.HasPrefix(name, rescuerPrefix) {
			continue
		}
		if left := (rescuer{name: name, report: b.Report.Report}).dismiss(ctx, s); left != "" {
			return errors.New(strings.TrimPrefix(left, "; "))
		}
		if err := b.Report.Step(true, "User "+name+" deleted, which a run before had left"); err != nil {
			return err
		}
	}
	return nil
}

// apply applies the policy as s.
func (b *Bootstrap) apply(ctx context.Context, s *session.Session) error {
	if b.Reconciler == nil {
		return nil
	}
	applied, err := b.Reconciler.Apply(ctx, s, reconcile.Caller{
		Agree:  b.Agree,
		Failed: b.Report.Failed,
		Deliver: func(ctx context.Context, passwords []secret.GeneratedPassword) error {
			return b.Report.Deliver(ctx, "Passwords of the policy generated", passwords...)
		},
	})
	if err == nil || applied.Changes > 0 {
		line := either(applied.Changes > 0, "Policy applied", "Policy followed already")
		if err != nil {
			line = "Policy applied in part"
		}
		if printed := b.Report.Step(applied.Changes > 0, line); err == nil {
			err = printed
		}
	}
	return err
}

// expect checks the assertions of the policy, as root.
func (b *Bootstrap) expect(ctx context.Context) error {
	all := len(b.Reconciler.Policy.Expect)
	if all == 0 {
		return nil
	}
	var unmet []string
	err := session.AfterChange(ctx, func() (err error) {
		unmet, err = b.Reconciler.Unmet(ctx, b.Root)
		return err
	})
	if err != nil {
		return fmt.Errorf("%w; authentication is on, and what the policy expects could not be checked", b.Root.Explain(ctx, err))
	}
	if len(unmet) > 0 {
		return fmt.Errorf("authentication is on, but these expectations of the policy do not hold: %s", strings.Join(unmet, "; "))
	}
	return b.Report.Step(false, quantity.Verb(all, "The expectation of the policy holds", fmt.Sprintf("All %d expectations of the policy hold", all)))
}
