package cluster

import (
	"context"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// NewAlarmCmd returns the command "alarm".
func NewAlarmCmd(f *cli.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "alarm COMMAND",
		Short: "List and disarm alarms",
		Long: `List and disarm the alarms of members. NOSPACE means that a database is full.
CORRUPT means that a database differs from those of the other members. While an
alarm is on, the cluster accepts no writes.`,
		GroupID: cli.GroupCluster,
	}
	cmd.AddCommand(cli.DryRun(f, newAlarmDisarmCmd(f)), newAlarmListCmd(f))
	return cmd
}

func newAlarmListCmd(f *cli.Factory) *cobra.Command {
	return newAlarmsCmd(f, &cobra.Command{
		Use:   "list",
		Short: "List the alarms",
		Long:  "List the alarms. No output means that no alarm is on.",
		Example: `  # List the alarms of all members.
  ectl alarm list`,
	}, func(ctx context.Context, c *etcd.Client) (*clientv3.AlarmResponse, error) {
		return c.AlarmList(ctx)
	})
}

func newAlarmDisarmCmd(f *cli.Factory) *cobra.Command {
	return newAlarmsCmd(f, &cobra.Command{
		Use:   "disarm",
		Short: "Disarm all alarms",
		Long: `Disarm all alarms, and list them. If a database is still full, its member raises
the alarm again. So compact the history and defragment the members first.`,
		Example: `  # Disarm all alarms, once there is space again.
  ectl alarm disarm`,
	}, func(ctx context.Context, c *etcd.Client) (*clientv3.AlarmResponse, error) {
		return c.AlarmDisarm(ctx, &clientv3.AlarmMember{}) // all
	})
}

// newAlarmsCmd completes cmd, which prints the alarms that request returns.
func newAlarmsCmd(f *cli.Factory, cmd *cobra.Command, request func(context.Context, *etcd.Client) (*clientv3.AlarmResponse, error)) *cobra.Command {
	cmd.Args = cli.NoArgs
	cmd.RunE = cli.RunRequest(f, cli.NoOptions{}, func(ctx context.Context, f *cli.Factory, c *etcd.Client, _ cli.NoOptions) error {
		response, err := request(ctx, c)
		if err != nil {
			return err
		}
		return f.Print(output.Alarms{Response: response})
	})
	return cmd
}
