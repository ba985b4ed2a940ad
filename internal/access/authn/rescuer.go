package authn

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/rollback"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/internal/session"
)

// rescuer is a temporary user that can disable authentication again.
type rescuer struct {
	name, password string
	report         rollback.Report
}

// rescuerPrefix begins the names of rescuers, so that a later run can find a rescuer
// that was not deleted.
const rescuerPrefix = "ectl-rescuer-"

func newRescuer(ctx context.Context, s *session.Session, report rollback.Report) (rescuer, error) {
	r := rescuer{rescuerPrefix + strings.ToLower(rand.Text()[:8]), secret.Generate(), report}
	changes := rollback.New(s, report)
	err := changes.Do(ctx, rollback.Change{
		Do: func(ctx context.Context, c *etcd.Client) error {
			_, err := c.UserAdd(ctx, r.name, r.password)
			return err
		},
		Undo:        r.delete,
		UndoUnknown: true, // the random name is unique to this run
		Absent:      rpctypes.ErrUserNotFound,
		Done:        "the user " + r.name + " was added",
		Fix:         r.deletion(),
	})
	if err != nil {
		return r, err
	}
	return r, changes.Do(ctx, rollback.Change{
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

// deletion returns the step that deletes the rescuer.
func (r rescuer) deletion() plan.Step { return plan.Step{Verb: plan.DeleteUser, User: r.name} }

// dismiss deletes the rescuer as s. If that fails, it returns a text for the end of
// an error.
func (r rescuer) dismiss(ctx context.Context, s *session.Session) (left string) {
	err := s.DoAfterChange(ctx, r.delete)
	if err == nil || errors.Is(err, rpctypes.ErrUserNotFound) {
		return ""
	}
	return fmt.Sprintf("; the temporary user %s, which holds the role root, could not be deleted (%v): delete it with %s",
		r.name, s.Explain(ctx, err), r.report.Command(r.deletion()))
}

// turnOff disables authentication because of refusal. It tries that as the rescuer,
// and then as the user of s, who may log in with a certificate. It returns refusal
// with the outcome.
func (r rescuer) turnOff(ctx context.Context, s *session.Session, refusal error) error {
	quiet := s.Quiet() // the same warnings were already printed
	var failures []string
	for _, who := range []*session.Session{quiet.As(r.name, r.password), quiet} {
		err := who.DoAfterChange(ctx, func(ctx context.Context, c *etcd.Client) error {
			_, err := c.AuthDisable(ctx)
			return err
		})
		if err == nil {
			who.Disconnect()
			after := s.Detached()
			defer after.Disconnect()
			return diagnose.WithOutcome(refusal, "authentication was turned off again"+r.dismiss(ctx, after))
		}
		failures = append(failures, who.Explain(ctx, err).Error())
		who.Disconnect()
	}
	return diagnose.WithOutcome(refusal, fmt.Sprintf("authentication may be on, and turning it off again failed (%s); the user %s holds the role root",
		strings.Join(failures, "; "), r.name))
}
