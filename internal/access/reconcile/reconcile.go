// Package reconcile makes the users and roles of a cluster match a policy. It reads
// the policy, compares, applies, and verifies the result.
package reconcile

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/progress"
	"github.com/ectl-io/ectl/internal/session"
)

// Reconciler makes clusters follow one policy.
type Reconciler struct {
	Policy policy.Policy

	// Prune removes what the policy does not name.
	Prune bool

	// UpdatePasswords also sets the passwords of existing users while authentication
	// is off and no password can be tested.
	UpdatePasswords bool

	Sources Sources
	Report  Report
}

// Sources contains the sources of passwords, besides files.
type Sources struct {
	LookupEnv func(name string) (value string, set bool)
	Stdin     *bufio.Reader
	Environ   []string  // of the policy's commands
	Stderr    io.Writer // of the policy's commands
}

// Report contains the callbacks through which a Reconciler prints messages.
type Report struct {
	Say      func(string)                       // prints a line
	Warn     func(string)                       // prints a warning
	Progress func(words string) *progress.Steps // shows progress
}

// Unmet returns the assertions of the policy that do not hold on the cluster, each
// with the reason.
func (r *Reconciler) Unmet(ctx context.Context, s *session.Session) ([]string, error) {
	snapshot, err := reader.ReadAs(ctx, s)
	if err != nil {
		return nil, err
	}
	return iostreams.Await(ctx, func() (unmet []string, _ error) {
		checker := policy.NewChecker(snapshot.State)
		for _, a := range r.Policy.Expect {
			if why, holds := checker.Check(a); !holds {
				unmet = append(unmet, fmt.Sprintf("%s: %s", a.Text, why))
			}
		}
		return unmet, nil
	})
}

// UnmetAfter returns the assertions of the policy that would not hold after the plan.
func (r *Reconciler) UnmetAfter(ctx context.Context, p *plan.Plan) (policy.Errors, error) {
	return iostreams.Await(ctx, func() (policy.Errors, error) { return p.Expectations(r.Policy.Expect), nil })
}
