package lease

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

// grantOptions holds the argument of "lease grant".
type grantOptions struct {
	TTL int64 // in seconds
}

func newGrantCmd(f *cli.Factory) *cobra.Command {
	opts := &grantOptions{}
	return &cobra.Command{
		Use:   "grant TTL",
		Short: "Grant a lease",
		Long: `Grant a lease of TTL seconds. Attach keys to it with "put --lease ID". Keep it
alive with "lease keep-alive ID". The server raises a TTL that is too short.`,
		Example: `  # Grant a lease of a minute, and print its ID.
  ectl lease grant 60`,
		Args: cli.Args(1, 1, "a time to live in seconds"),
		RunE: cli.RunRequest(f, opts, runGrant),
	}
}

// Complete implements cli.Options.
func (o *grantOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	ttl, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil {
		return exit.BadArgsf("invalid TTL %q: want a whole number of seconds", args[0])
	}
	o.TTL = ttl
	return nil
}

func runGrant(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *grantOptions) error {
	response, err := c.Grant(ctx, opts.TTL)
	if err != nil {
		return fmt.Errorf("failed to grant lease (%w)", err) // etcdctl's status, which a failed login also has
	}
	return f.Print(output.LeaseGranted{Response: response})
}
