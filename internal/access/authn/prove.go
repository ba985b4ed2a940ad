package authn

import (
	"context"
	"errors"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/access/rollback"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/retry"
	"github.com/ectl-io/ectl/internal/session"
)

// enableProven enables authentication as s. It then verifies that the user of who can
// log in and administer the cluster. If that fails, it disables authentication again.
//
// No password can be tested while authentication is off. Once it is on, only a user
// with the role root can disable it. So enableProven first adds a rescuer: a user
// with that role and a password that only this run knows. It deletes the rescuer at
// the end.
//
// An interrupt takes effect only at the end. Otherwise authentication could stay on
// without a user who can log in.
func enableProven(ctx context.Context, s, who *session.Session, report rollback.Report) error {
	if s.Connection.DryRun != nil { // no login would succeed
		return s.Do(ctx, Enable)
	}
	err := enableAndProve(context.WithoutCancel(ctx), s, who, report)
	if err != nil && ctx.Err() != nil { // errors of an interrupted command are not printed
		report.Say("Interrupted, and: " + err.Error())
	}
	return err
}

func enableAndProve(ctx context.Context, s, who *session.Session, report rollback.Report) error {
	before, who := s.Detached(), who.Detached()
	defer before.Disconnect()
	defer who.Disconnect()
	r, err := newRescuer(ctx, before, report)
	if err != nil {
		return diagnose.WithOutcome(err, "authentication was not turned on")
	}
	err = before.Do(ctx, Enable)
	if err != nil && !retry.OutcomeUnknown(err) {
		return diagnose.WithOutcome(before.Explain(ctx, err), "authentication was not turned on"+r.dismiss(ctx, before))
	}
	if refusal := prove(ctx, who, who.DoAfterChange); refusal != nil {
		return r.turnOff(ctx, s, refusal)
	}
	if left := r.dismiss(ctx, who); left != "" {
		return errors.New("authentication is on, and the login was proven" + left)
	}
	if err != nil { // the outcome of Enable is unknown
		err = who.Do(ctx, func(ctx context.Context, c *etcd.Client) error {
			_, err := c.AuthEnable(ctx)
			return err
		})
	}
	return err
}

// prove returns an error unless authentication is on and the user of who can
// administer the cluster. do is who.Do, or who.DoAfterChange if users have just been
// changed.
func prove(ctx context.Context, who *session.Session, do func(context.Context, session.Request) error) error {
	client, err := who.Client(ctx)
	if err != nil {
		return advised(err)
	}
	on, err := reader.Enabled(ctx, client, who.Timeout)
	if err == nil && !on {
		return errors.New("authentication is not on")
	}
	if err == nil {
		err = do(ctx, func(ctx context.Context, c *etcd.Client) error {
			_, err := c.UserList(ctx)
			return err
		})
	}
	return who.Explain(ctx, advised(err))
}

// advised adds the likely cause to the error of a login.
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
