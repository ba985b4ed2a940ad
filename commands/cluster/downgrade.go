package cluster

import (
	"context"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

// downgradeOptions holds the argument of a command under "downgrade".
type downgradeOptions struct {
	Action  clientv3.DowngradeAction
	Version string // the target version; empty to cancel
}

// NewDowngradeCmd returns the command "downgrade".
func NewDowngradeCmd(f *cli.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "downgrade COMMAND",
		Short: "Downgrade the cluster by one minor version",
		Long: `Prepare a downgrade of the cluster by one minor version. After "downgrade
enable", replace the etcd of each member, one after another.`,
		GroupID: cli.GroupCluster,
	}
	cmd.AddCommand(
		cli.DryRun(f, newDowngradeCmd(f, "cancel", "Cancel a downgrade", clientv3.DowngradeCancel)),
		cli.DryRun(f, newDowngradeCmd(f, "enable VERSION", "Start a downgrade", clientv3.DowngradeEnable)),
		newDowngradeCmd(f, "validate VERSION", "Check whether a downgrade is possible", clientv3.DowngradeValidate),
	)
	return cmd
}

func newDowngradeCmd(f *cli.Factory, use, short string, action clientv3.DowngradeAction) *cobra.Command {
	opts := &downgradeOptions{Action: action}
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.ArbitraryArgs,
		RunE:  cli.RunRequest(f, opts, runDowngrade),
	}
	comment := map[clientv3.DowngradeAction]string{
		clientv3.DowngradeValidate: "Check whether the cluster can be downgraded to this version.",
		clientv3.DowngradeEnable:   "Start the downgrade. Then restart each member with this version.",
		clientv3.DowngradeCancel:   "Cancel the downgrade. Then restart each member with the version of before.",
	}[action]
	cmd.Example = "  # " + comment + "\n  ectl downgrade " + cmd.Name()
	if action != clientv3.DowngradeCancel {
		cmd.ValidArgsFunction = completions.Args(f, completions.DowngradeTargets)
		cmd.Example += " 3.6"
	}
	return cmd
}

// Complete implements cli.Options.
func (o *downgradeOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	switch {
	case o.Action == clientv3.DowngradeCancel: // etcdctl ignores arguments here
	case len(args) > 1:
		return exit.BadArgsf("want one target version: got %d", len(args))
	case len(args) == 0 || args[0] == "":
		return exit.BadArgsf("no target version: give the minor version before the cluster's, for example 3.6")
	default:
		o.Version = args[0]
	}
	return nil
}

func runDowngrade(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *downgradeOptions) error {
	response, err := c.Downgrade(ctx, opts.Action, opts.Version)
	if err != nil {
		return err
	}
	action := map[clientv3.DowngradeAction]string{
		clientv3.DowngradeValidate: "validate",
		clientv3.DowngradeEnable:   "enable",
		clientv3.DowngradeCancel:   "cancel",
	}[opts.Action]
	return f.Print(output.Downgrade{Action: action, Response: response})
}
