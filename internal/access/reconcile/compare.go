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

// Comparison is a plan and what it was made from.
type Comparison struct {
	Snapshot reader.Snapshot
	Options  plan.Options
	Plan     *plan.Plan

	Untried []string      // users there whose password may be another one
	Faults  policy.Errors // passwords that cannot be read or set
}

// Preview compares the cluster with the policy. Passwords are only read, and tried,
// if tryPasswords says so.
func (r *Reconciler) Preview(ctx context.Context, s *session.Session, tryPasswords bool) (Comparison, error) {
	known := newPasswords(r)
	known.untouched = !tryPasswords
	c, err := r.compare(ctx, s, known)
	c.Faults = known.faults
	return c, err
}

// compare looks at the cluster and returns what makes it follow the policy.
// Passwords that are read for it are added to known.
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

// mayPrune refuses to remove all of what the policy says nothing about, which is
// more likely in a file that was forgotten, and to remove users if it is unknown
// which of them it runs as.
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
	}{{"users", r.Policy.SaysUsers, users}, {"roles", r.Policy.SaysRoles, roles}} {
		if !section.said && section.there > 0 {
			return exit.With(exit.InvalidInput, fmt.Errorf("the policy has no %s: --prune would remove all %d of them; if that is meant, write \"%s: {}\"", section.name, section.there, section.name))
		}
	}
	return nil
}
