package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/retry"
	"github.com/ectl-io/ectl/internal/secret"
)

// enableProven turns authentication on and has who log in and administer. If
// that fails it turns it off again. No password can be tried while
// authentication is off, and once it is on nobody but a holder of the role root
// can turn it off: so a rescuer is made before, a user with that role and a
// password that only this run knows, and deleted after.
//
// An interrupt is not heeded before the end, because it must not come between.
func enableProven(ctx context.Context, f, who *cli.Factory) error {
	err := enableAndProve(context.WithoutCancel(ctx), f, who)
	if err != nil && ctx.Err() != nil { // no error of an interrupted command is printed
		f.Say("Interrupted, and: " + err.Error())
	}
	return err
}

func enableAndProve(ctx context.Context, f, who *cli.Factory) error {
	before, who := f.Detached(), who.Detached()
	defer before.Disconnect()
	defer who.Disconnect()
	r, err := newRescuer(ctx, before)
	if err != nil {
		return diagnose.WithOutcome(err, "authentication was not turned on")
	}
	_, err = cli.Call(ctx, before, enable)
	if err != nil && !retry.OutcomeUnknown(err) {
		return diagnose.WithOutcome(before.Explain(ctx, err), "authentication was not turned on"+r.dismiss(ctx, before))
	}
	if refusal := prove(ctx, who, cli.AfterChange); refusal != nil {
		return r.turnOff(ctx, f, refusal)
	}
	if left := r.dismiss(ctx, who); left != "" {
		return errors.New("authentication is on, and the login was proven" + left)
	}
	if err != nil { // the answer was lost
		_, err = cli.Call(ctx, who, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthEnableResponse, error) {
			return c.AuthEnable(ctx)
		})
	}
	return err
}

// atOnce makes a request before which nothing was changed, see cli.AfterChange.
func atOnce(_ context.Context, request func() error) error { return request() }

// prove is an error unless authentication is on and who can administer. when is
// atOnce or cli.AfterChange.
func prove(ctx context.Context, who *cli.Factory, when func(context.Context, func() error) error) error {
	client, err := who.Client(ctx)
	if err != nil {
		return advised(err)
	}
	on, err := reader.Enabled(ctx, client, who.Timeout)
	if err == nil && !on {
		return errors.New("authentication is not on")
	}
	if err == nil {
		err = when(ctx, func() error {
			_, err := cli.Call(ctx, who, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthUserListResponse, error) {
				return c.UserList(ctx)
			})
			return err
		})
	}
	return who.Explain(ctx, advised(err))
}

// advised adds to the refusal of a login what to do about it.
func advised(err error) error {
	switch {
	case etcd.IsNoPasswordUser(err):
		return diagnose.WithReason(err, "it was added without password, and only a certificate with its name is its login; delete it and add it again to give it one")
	case errors.Is(err, rpctypes.ErrAuthFailed):
		return diagnose.WithReason(err, "the password is another one")
	case errors.Is(err, rpctypes.ErrPermissionDenied):
		return diagnose.WithReason(err, "it does not hold the role root")
	case errors.Is(err, rpctypes.ErrUserEmpty):
		return diagnose.WithReason(err, "the server takes no users from certificates: it has to be started with --client-cert-auth")
	}
	return err
}

// rescuer is a user that can turn authentication off again.
type rescuer struct{ name, password string }

// rescuerPrefix begins the names of rescuers, so that one that was left behind
// is known.
const rescuerPrefix = "ectl-rescuer-"

func newRescuer(ctx context.Context, f *cli.Factory) (rescuer, error) {
	password, err := secret.Generate()
	if err != nil {
		return rescuer{}, err
	}
	r := rescuer{rescuerPrefix + strings.ToLower(rand.Text()[:8]), password}
	steps := f.Steps()
	err = steps.Do(ctx, cli.Step{
		Do: func(ctx context.Context, c *etcd.Client) error {
			_, err := c.UserAdd(ctx, r.name, r.password)
			return err
		},
		Undo:        r.delete,
		UndoInDoubt: true, // nobody else has the name
		Absent:      rpctypes.ErrUserNotFound,
		Done:        "the user " + r.name + " was added",
		Mend:        cli.StepArgs(plan.Step{Verb: plan.DeleteUser, User: r.name}),
	})
	if err != nil {
		return r, err
	}
	return r, steps.Do(ctx, cli.Step{
		Do: func(ctx context.Context, c *etcd.Client) error {
			_, err := c.UserGrantRole(ctx, r.name, access.RootRole)
			return err
		},
		Done: "the role root was granted to " + r.name,
	})
}

func (r rescuer) delete(ctx context.Context, c *etcd.Client) error {
	_, err := c.UserDelete(ctx, r.name)
	return err
}

// dismiss deletes the rescuer as f. Where that fails it says what is left.
func (r rescuer) dismiss(ctx context.Context, f *cli.Factory) (left string) {
	err := cli.AfterChange(ctx, func() error {
		_, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (struct{}, error) { return struct{}{}, r.delete(ctx, c) })
		return err
	})
	if err == nil || errors.Is(err, rpctypes.ErrUserNotFound) {
		return ""
	}
	return fmt.Sprintf("; the user %s, which was there to turn it off again, and holds the role root, could not be deleted (%v): delete it with %s user delete %s",
		r.name, f.Explain(ctx, err), f.Program, r.name)
}

// turnOff turns authentication off, because of refusal, and returns the error
// that says so. The rescuer does it or else whom f names, with a certificate
// say.
func (r rescuer) turnOff(ctx context.Context, f *cli.Factory, refusal error) error {
	quiet := *f
	quiet.Quiet = true // there were the same warnings before
	var failures []string
	for _, who := range []*cli.Factory{quiet.As(r.name, r.password), quiet.Detached()} {
		err := disable(ctx, who)
		if err == nil {
			who.Disconnect()
			after := f.Detached()
			defer after.Disconnect()
			return diagnose.WithOutcome(refusal, "authentication was turned off again"+r.dismiss(ctx, after))
		}
		failures = append(failures, who.Explain(ctx, err).Error())
		who.Disconnect()
	}
	return diagnose.WithOutcome(refusal, fmt.Sprintf("authentication may be on, and turning it off again failed (%s); the user %s holds the role root",
		strings.Join(failures, "; "), r.name))
}

func disable(ctx context.Context, who *cli.Factory) error {
	return cli.AfterChange(ctx, func() error {
		_, err := cli.Call(ctx, who, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthDisableResponse, error) {
			return c.AuthDisable(ctx)
		})
		return err
	})
}
