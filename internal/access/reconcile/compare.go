package reconcile

import (
	"context"
	"fmt"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/session"
)

// Comparison is a plan with its inputs.
type Comparison struct {
	Snapshot reader.Snapshot
	Options  plan.Options
	Plan     *plan.Plan

	Untried []string      // existing users whose password was not tested
	Faults  policy.Errors // passwords that cannot be read or set
}

// Preview compares the cluster with the policy. It reads and tests passwords only if
// tryPasswords is true.
func (r *Reconciler) Preview(ctx context.Context, s *session.Session, tryPasswords bool) (Comparison, error) {
	known := newPasswords(r)
	known.untouched = !tryPasswords
	c, err := r.compare(ctx, s, known)
	c.Faults = known.faults
	return c, err
}

// compare reads the cluster and returns the plan after which it follows the policy.
// It adds the passwords that it reads to known.
func (r *Reconciler) compare(ctx context.Context, s *session.Session, known *passwords) (c Comparison, err error) {
	if c.Snapshot, err = reader.ReadAs(ctx, s); err != nil {
		return c, err
	}
	dialer, err := s.Dialer(ctx)
	if err != nil {
		return c, err
	}
	self, err := dialer.Self()
	if err != nil {
		return c, err
	}
	if err := r.mayPrune(c.Snapshot, self); err != nil {
		return c, err
	}
	outdated, untried, err := known.outdated(ctx, s, c.Snapshot, self.User)
	if err != nil {
		return c, err
	}
	c.Untried = untried
	c.Options = plan.Options{Prune: r.Prune, Identity: self.User, NewPasswords: outdated}
	c.Plan, err = iostreams.Await(ctx, func() (*plan.Plan, error) { return plan.New(c.Snapshot.State, r.Policy, c.Options) })
	return c, exit.With(exit.InvalidInput, err)
}

// mayPrune returns an error if Prune would remove all users or all roles because the
// policy has no such section. The section is probably missing by mistake. It also
// returns an error if the user of the session is unknown, because Prune could remove
// that user.
func (r *Reconciler) mayPrune(there reader.Snapshot, self etcd.Self) error {
	if !r.Prune {
		return nil
	}
	if there.Enabled && self.User == "" {
		return exit.BadArgsf("the token does not name its user: --prune could remove your own user; give --user or a client certificate")
	}
	users := len(there.Users)
	if _, ok := there.Users[access.RootUser]; ok {
		users--
	}
	roles := len(there.Roles)
	if _, ok := there.Roles[access.RootRole]; ok {
		roles--
	}
	for _, section := range []struct {
		name  string
		said  bool
		there int
	}{{"users", r.Policy.HasUsers, users}, {"roles", r.Policy.HasRoles, roles}} {
		if !section.said && section.there > 0 {
			return exit.With(exit.InvalidInput, fmt.Errorf("the policy has no %s: --prune would remove all %d of them; if that is meant, write \"%s: {}\"", section.name, section.there, section.name))
		}
	}
	return nil
}
