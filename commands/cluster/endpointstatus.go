package cluster

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/members"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/output"
)

func newEndpointStatusCmd(f *cli.Factory, from *endpointFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show the status of each member: version, size, leader",
		Long: `Show the status of each member. The format simple has these columns:

  endpoint, ID, version, storage version, database size, size in use,
  percentage not in use, quota, is leader, is learner, Raft term, Raft index,
  Raft applied index, errors, downgrade target version, downgrade enabled`,
		Args: cobra.ArbitraryArgs, // as etcdctl, which ignores them
		RunE: cli.Run(f, from, runEndpointStatus),
	}
}

func runEndpointStatus(ctx context.Context, f *cli.Factory, from *endpointFlags) error {
	return from.repeat(ctx, f, func(ctx context.Context) error { return printStatus(ctx, f, from) })
}

func printStatus(ctx context.Context, f *cli.Factory, from *endpointFlags) error {
	endpoints, err := from.endpoints(ctx, f)
	if err != nil {
		return err
	}
	answers, err := askEach(ctx, f, endpoints, askStatus)
	if err != nil {
		return err
	}
	if err := from.printHead(f, "status"); err != nil {
		return err
	}
	result := output.EndpointStatus{}
	failed := 0
	for _, a := range answers {
		status := output.Status{Endpoint: a.Endpoint, Response: a.Response}
		if a.Err != nil {
			failed++
			status.Reason = a.Err.Error()
			f.Say(fmt.Sprintf("Failed to get the status of endpoint %s (%s)", a.Name(), status.Reason))
		}
		result.Endpoints = append(result.Endpoints, status)
	}
	if !members.NoneLoggedIn(answers) {
		if err := from.printOne(f, result); err != nil {
			return err
		}
	}
	err = members.Failure(answers)
	if err == nil || exit.CodeOf(err) == exit.BadConnection {
		return err
	}
	return fmt.Errorf("%d of %s did not report %s status", failed, quantity.Of(len(answers), "endpoint"), quantity.Verb(failed, "its", "their"))
}
