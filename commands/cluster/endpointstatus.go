package cluster

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/output"
)

func newEndpointStatusCmd(f *cli.Factory, from *looks, run func(context.Context, *looks) error) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show version, size, leader and progress of each member",
		Long: `Show version, size, leader and progress of each member. The format simple has
endpoint, ID, version, storage version, database size, size in use, percentage
not in use, quota, whether it is the leader, whether it is a learner, Raft term,
Raft index, Raft applied index, errors, downgrade target version and whether a
downgrade is on.`,
		Args: cobra.ArbitraryArgs, // as etcdctl, which ignores them
		RunE: f.RunE(func(ctx context.Context, _ []string) error {
			if run != nil {
				return run(ctx, from)
			}
			return from.run(ctx, f, func(ctx context.Context) error { return runEndpointStatus(ctx, f, from) })
		}),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}

func runEndpointStatus(ctx context.Context, f *cli.Factory, from *looks) error {
	endpoints, err := from.endpoints(ctx, f)
	if err != nil {
		return err
	}
	answers, err := askEach(ctx, f, endpoints, askStatus)
	if err != nil {
		return err
	}
	if err := from.show(f, "status"); err != nil {
		return err
	}
	result := output.EndpointStatus{}
	failed := 0
	for _, a := range answers {
		status := output.Status{Endpoint: a.Endpoint, Response: a.Response}
		if a.Err != nil {
			failed++
			status.Reason = a.Err.Error()
			f.Say(fmt.Sprintf("Failed to get the status of endpoint %s (%s)", a.name(), status.Reason))
		}
		result.Endpoints = append(result.Endpoints, status)
	}
	if !noneLoggedIn(answers) {
		if err := from.found(f, result); err != nil {
			return err
		}
	}
	err = unanswered(answers)
	if err == nil || exit.CodeOf(err) == exit.BadConnection {
		return err
	}
	return fmt.Errorf("%d of %s did not report %s status", failed, quantity.Of(len(answers), "endpoint"), quantity.Verb(failed, "its", "their"))
}
