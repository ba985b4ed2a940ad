package rbac

import (
	"context"
	"fmt"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/output"
)

// Policy is a policy that a command of another tree applies.
type Policy struct {
	options applyOptions
	wanted  policy.Policy
}

// ReadPolicy reads a policy from files, as "rbac apply" does. Without yes the
// user is asked before anything is changed.
func ReadPolicy(ctx context.Context, f *cli.Factory, paths []string, yes bool, children cli.Children) (*Policy, error) {
	p := &Policy{options: applyOptions{planning: planning{Files: policyFiles{Paths: paths}, Children: children}, Yes: yes}}
	if err := p.options.validate(f); err != nil {
		return nil, err
	}
	var err error
	p.wanted, err = p.options.Files.read(ctx, f)
	return p, err
}

// Apply makes the cluster follow the policy as "rbac apply" does, once deliver has
// printed the passwords that are generated for it. The result says what was done,
// also where that is not all.
func (p *Policy) Apply(ctx context.Context, f *cli.Factory, deliver func([]output.GeneratedPassword) error) (output.PolicyApplied, error) {
	return p.options.apply(ctx, f, p.wanted, deliver)
}

// Expectations is how many assertions the policy makes under expect.
func (p *Policy) Expectations() int { return len(p.wanted.Expect) }

// Unmet returns the assertions that do not hold on the cluster, each with the
// reason.
func (p *Policy) Unmet(ctx context.Context, f *cli.Factory) ([]string, error) {
	snapshot, err := readAll(ctx, f)
	if err != nil {
		return nil, err
	}
	return iostreams.Await(ctx, func() (unmet []string, _ error) {
		checker := policy.NewChecker(snapshot.State)
		for _, a := range p.wanted.Expect {
			if why, holds := checker.Check(a); !holds {
				unmet = append(unmet, fmt.Sprintf("%s: %s", a.Text, why))
			}
		}
		return unmet, nil
	})
}
