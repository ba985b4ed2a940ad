package rbac

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/output"
)

// testOptions holds the flags of "rbac test".
type testOptions struct {
	Files   policyFiles
	Cluster bool
}

func newTestCmd(f *cli.Factory) *cobra.Command {
	opts := &testOptions{}
	cmd := &cobra.Command{
		Use:   "test -f FILE",
		Short: "Check the assertions of a policy",
		Long: `Check the assertions under expect of a policy file. By default, they are checked
against the policy itself, without a cluster. With --cluster, they are checked
against the users and roles of the cluster.

    expect:
      - bob can write prefix /app/
      - eve cannot read /secrets/a
      - kim cannot readwrite range /a /b
      - root can readwrite all

"can" is true if the user may access all of the keys, "cannot" if it may access
none of them. An assertion about a user that does not exist is false: its name
may be mistyped.

No password of the policy is read, and none of its commands is run.

Exit status: 0 if all are true, 1 if one is false, 3 for an invalid policy file.`,
		Example: `  # Check the policy itself.
  ectl rbac test -f policy.yaml
  # Check the users and roles of the cluster.
  ectl rbac test -f policy.yaml --cluster`,
		Args: cli.NoArgs,
		RunE: cli.Run(f, opts, runTest),
	}
	opts.Files.addFlags(cmd.Flags())
	cmd.Flags().BoolVar(&opts.Cluster, "cluster", false, "check the assertions against the cluster")
	return cli.FormatsOf(cmd, output.PolicyTest{})
}

// Complete implements cli.Options.
func (o *testOptions) Complete(*cli.Factory, *cobra.Command, []string) error {
	return o.Files.validate()
}

func runTest(ctx context.Context, f *cli.Factory, opts *testOptions) error {
	p, err := opts.Files.read(ctx, f)
	if err != nil {
		return err
	}
	state := p.State()
	if opts.Cluster {
		snapshot, err := reader.ReadAs(ctx, f.Session)
		if err != nil {
			return err
		}
		state = snapshot.State
	}
	if len(p.Expect) == 0 {
		f.Warn("the policy has no assertions: add them under expect")
	}
	result, err := iostreams.Await(ctx, func() (output.PolicyTest, error) { return tested(state, p.Expect), nil })
	if err != nil {
		return err
	}
	if err := f.Print(result); err != nil {
		return err
	}
	if result.Failed() > 0 {
		return exit.Answer(exit.Error)
	}
	return nil
}

// tested checks assertions against the state.
func tested(state access.State, expected []policy.Assertion) output.PolicyTest {
	result := output.PolicyTest{}
	checker := policy.NewChecker(state)
	for _, a := range expected {
		why, holds := checker.Check(a)
		result.Assertions = append(result.Assertions, output.TestedAssertion{Assertion: a, Holds: holds, Why: why})
	}
	return result
}
