package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/output"
)

func newEndpointHealthCmd(f *cli.Factory, from *endpointFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "health",
		Short: "Check the health of each member",
		Long: `Check the health of each member. A member is healthy if it serves a linearizable
read and has no alarms. "Permission denied" counts as healthy. The command fails
unless all members are healthy.`,
		Example: `  # Check all members of the cluster.
  ectl endpoint health --cluster`,
		Args: cobra.ArbitraryArgs, // as etcdctl, which ignores them
		RunE: cli.Run(f, from, runEndpointHealth),
	}
}

// healthKey is the key that etcdctl also reads. It need not exist.
const healthKey = "health"

func runEndpointHealth(ctx context.Context, f *cli.Factory, from *endpointFlags) error {
	return from.repeat(ctx, f, func(ctx context.Context) error { return printHealth(ctx, f, from) })
}

func printHealth(ctx context.Context, f *cli.Factory, from *endpointFlags) error {
	endpoints, err := from.endpoints(ctx, f)
	if err != nil {
		return err
	}
	answers, err := askEach(ctx, f, endpoints, checkHealth)
	if err != nil {
		return err
	}
	if err := from.printHead(f, "health"); err != nil {
		return err
	}
	result := output.EndpointHealth{}
	healthy := true
	var found etcd.Clusters
	for _, a := range answers {
		h := a.Response
		found.Add(a.Name(), (*pb.AlarmResponse)(h.Alarms).GetHeader())
		h.Endpoint = a.Endpoint
		if a.Err != nil {
			h.Error, h.Reason = diagnose.Text(a.Err), a.Err.Error()
		}
		if h.Error != "" {
			healthy = false
			f.SayBad(fmt.Sprintf("%s is unhealthy: failed to commit proposal: %s", a.Name(), h.Reason), "unhealthy")
		}
		result.Endpoints = append(result.Endpoints, h)
	}
	if err := from.printOne(f, result); err != nil {
		return err
	}
	warnOfClusters(f, &found)
	if !healthy {
		return errors.New("unhealthy cluster")
	}
	return nil
}

// checkHealth reads a key, which needs a majority of the members, and then the alarms.
// The returned error is the error of reading the key.
func checkHealth(ctx context.Context, c *etcd.Client, _ string) (output.Health, error) {
	took, err := timeRead(ctx, c)
	h := output.Health{Took: took.String()}
	if err != nil {
		return h, err
	}
	alarms, err := c.AlarmList(ctx)
	switch {
	case err != nil:
		h.Error = "Unable to fetch the alarm list"
		h.Reason = h.Error + ": " + err.Error()
	case len(alarms.Alarms) > 0:
		h.Error = "Active Alarm(s): "
		for _, a := range alarms.Alarms {
			h.Error += alarmName(a.Alarm) + " "
		}
		h.Reason = strings.TrimSpace(h.Error) + "; alarm list names the members"
	}
	h.Alarms = alarms
	return h, nil
}

// timeRead reads a key and returns how long that took. A user without permission gets an
// answer, too.
func timeRead(ctx context.Context, c *etcd.Client) (time.Duration, error) {
	start := time.Now()
	_, err := c.Get(ctx, healthKey)
	took := time.Since(start)
	if errors.Is(err, rpctypes.ErrPermissionDenied) {
		err = nil
	}
	return took, err
}

// alarmName is etcdctl's name of an alarm.
func alarmName(alarm pb.AlarmType) string {
	switch alarm {
	case pb.AlarmType_NOSPACE, pb.AlarmType_CORRUPT:
		return alarm.String()
	case pb.AlarmType_NONE:
	}
	return "UNKNOWN"
}
