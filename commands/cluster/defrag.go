package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/progress"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/internal/retry"
	"github.com/ectl-io/ectl/output"
)

// defragOptions holds the flags of "defrag".
type defragOptions struct {
	From       targets
	LeaderLast bool
	Wait       time.Duration // 0: do not wait
	MinFree    string        // percentage, with or without its sign

	minFree float64
}

// defaultWait is how long --wait alone waits for a member.
const defaultWait = time.Minute

// sizeTimeout limits a request for the size of a database. The size is only
// reported, so its absence is no error.
const sizeTimeout = time.Second

// NewDefragCmd returns the command "defrag".
func NewDefragCmd(f *cli.Factory) *cobra.Command {
	opts := &defragOptions{}
	cmd := &cobra.Command{
		Use:   "defrag",
		Short: "Defragment the databases of members",
		Long: `Defragment the database of each endpoint's member, one member after another.
This frees the unused parts of the database file. A member serves no requests
during its defragmentation, which takes seconds for each gigabyte.
--command-timeout must be long enough.

The size before and after is printed on standard error. --wait waits until a
member is healthy again. It ignores alarms that were on before.`,
		Example: `  # One member after the other, if at least a fifth of its file is free.
  ectl defrag --cluster --leader-last --wait --min-free 20% \
    --command-timeout 1m`,
		GroupID: cli.GroupCluster,
		Args:    cobra.ArbitraryArgs, // as etcdctl, which ignores them
		RunE:    cli.Run(f, opts, runDefrag),
	}
	flags := cmd.Flags()
	opts.From.addFlags(flags)
	flags.BoolVar(&opts.LeaderLast, "leader-last", false, "defragment the leader after the other members")
	flags.DurationVar(&opts.Wait, "wait", 0, "after each member, wait until it is healthy; stop if it is not within this time (--wait alone: 1m)")
	flags.Lookup("wait").NoOptDefVal = defaultWait.String()
	flags.StringVar(&opts.MinFree, "min-free", "", "skip members if less than this `percentage` of the database is unused")
	return cli.DryRun(f, cmd)
}

// Complete implements cli.Options.
func (o *defragOptions) Complete(_ *cli.Factory, _ *cobra.Command, _ []string) error {
	return o.complete()
}

func (o *defragOptions) complete() error {
	if o.Wait < 0 {
		return exit.BadArgsf("--wait %s: must be positive", o.Wait)
	}
	if o.MinFree == "" {
		return nil
	}
	var err error
	o.minFree, err = strconv.ParseFloat(strings.TrimSuffix(o.MinFree, "%"), 64)
	if err != nil || !(o.minFree >= 0 && o.minFree <= 100) {
		return exit.BadArgsf("--min-free %s: want a percentage, for example 20%%", o.MinFree)
	}
	return nil
}

func runDefrag(ctx context.Context, f *cli.Factory, opts *defragOptions) error {
	endpoints, err := opts.From.endpoints(ctx, f)
	if err != nil {
		return err
	}
	failed := 0
	if opts.LeaderLast || opts.minFree > 0 {
		var unknown int
		if endpoints, unknown, err = opts.choose(ctx, f, endpoints); err != nil {
			return err
		}
		failed += unknown
	}
	var done output.Defragmentation
	full := false
	var found etcd.Clusters
	for i, endpoint := range endpoints {
		working, end := progress.Begin(ctx, func() string {
			return fmt.Sprintf("Defragmenting member %d of %d: %s", i+1, len(endpoints), endpoint)
		})
		won, err := defragment(working, f, opts, endpoint, &found)
		end()
		if won != nil {
			done.Members = append(done.Members, won.Defragmented)
			full = full || won.full
			if f.Printer().ByLine() {
				if err := errors.Join(f.Print(output.Defragmentation{Members: []output.Defragmented{won.Defragmented}}), f.Printer().Flush()); err != nil {
					return err
				}
			}
		}
		if errors.Is(err, errNotDefragmented) {
			failed++
		} else if err != nil {
			return err
		}
	}
	if !f.Printer().ByLine() {
		if err := f.Print(done); err != nil {
			return err
		}
	}
	warnOfClusters(f, &found)
	if full {
		f.Say("The alarm NOSPACE is still on: run \"alarm disarm\" so that the cluster accepts writes again")
	}
	if failed > 0 {
		return fmt.Errorf("%s %s not defragmented", quantity.Of(failed, "member"), quantity.Verb(failed, "was", "were"))
	}
	return nil
}

// choose returns the endpoints to defragment, the leader's last if requested, and the
// number of endpoints that did not answer.
func (o *defragOptions) choose(ctx context.Context, f *cli.Factory, endpoints []string) (chosen []string, unknown int, err error) {
	answers, err := askEach(ctx, f, endpoints, askStatus)
	if err != nil {
		return nil, 0, err
	}
	var last []string
	for _, a := range answers {
		switch {
		case a.Err != nil:
			unknown++
			f.Say(fmt.Sprintf("Failed to get the status of endpoint %s, skipped (%v)", a.Name(), a.Err))
		case o.minFree > 0 && free(a.Response.DbSize, a.Response.DbSizeInUse) < o.minFree:
			f.Say(fmt.Sprintf("Skipped: etcd member[%s], %.0f%% of its %s are unused", a.Name(),
				free(a.Response.DbSize, a.Response.DbSizeInUse), output.Bytesize(a.Response.DbSize)))
		case o.LeaderLast && leads(a.Response):
			last = append(last, a.Endpoint)
		default:
			chosen = append(chosen, a.Endpoint)
		}
	}
	return append(chosen, last...), unknown, nil
}

// free returns the unused part of a database, in percent.
func free(size, inUse int64) float64 {
	if size <= 0 {
		return 0
	}
	return float64(size-inUse) * 100 / float64(size)
}

// errNotDefragmented reports that a member refused or did not answer. The other
// members are still defragmented.
var errNotDefragmented = errors.New("the member was not defragmented")

// defragmented is a member that was defragmented.
type defragmented struct {
	output.Defragmented
	full bool // it became healthy, with the alarm NOSPACE on
}

// defragment defragments the member of one endpoint and waits until it is healthy. The
// result is nil if it was not defragmented. found gets the cluster of the member.
func defragment(ctx context.Context, f *cli.Factory, opts *defragOptions, endpoint string, found *etcd.Clusters) (*defragmented, error) {
	dialer, err := f.Dialer(ctx)
	if err != nil {
		return nil, err
	}
	named := endpoint // on standard output, as in etcdctl
	endpoint, _ = etcd.WithoutUserInfo(endpoint)
	client, err := dialer.Dial(ctx, []string{endpoint})
	if err != nil {
		return nil, err
	}
	defer func() { _ = client.Close() }()
	before, header := databaseSize(ctx, client, endpoint)
	found.Add(endpoint, header)
	var known alarms
	if opts.Wait > 0 {
		known = alarmsNow(ctx, client)
	}
	timed, cancel := f.Timeout(ctx)
	defer cancel()
	start := time.Now()
	_, err = client.Defragment(timed, endpoint)
	result := &defragmented{output.Defragmented{Endpoint: named, Took: time.Since(start)}, known.full()}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		f.Say(fmt.Sprintf("Failed to defragment etcd member[%s]. took %s. (%v)", endpoint, result.Took, client.Explain(ctx, err)))
		return nil, errNotDefragmented
	}
	if after, _ := databaseSize(ctx, client, endpoint); before > 0 && after > 0 {
		result.Before, result.After = before, after
		f.Say(fmt.Sprintf("etcd member[%s]: %s before, %s now", endpoint, output.Bytesize(before), output.Bytesize(after)))
	}
	if opts.Wait > 0 {
		return result, waitUntilHealthy(ctx, f, client, endpoint, opts.Wait, known)
	}
	return result, nil
}

// alarms holds the alarms of a cluster.
type alarms []*pb.AlarmMember

// alarmsNow returns the active alarms, or none if they cannot be read.
func alarmsNow(ctx context.Context, c *etcd.Client) alarms {
	ctx, cancel := context.WithTimeout(ctx, sizeTimeout)
	defer cancel()
	response, err := c.AlarmList(ctx)
	if err != nil {
		return nil
	}
	return response.Alarms
}

func (a alarms) full() bool {
	return slices.ContainsFunc(a, func(m *pb.AlarmMember) bool { return m.GetAlarm() == pb.AlarmType_NOSPACE })
}

// has reports whether a contains all of others.
func (a alarms) has(others alarms) bool {
	return !slices.ContainsFunc(others, func(other *pb.AlarmMember) bool {
		return !slices.ContainsFunc(a, func(m *pb.AlarmMember) bool {
			return m.GetMemberID() == other.GetMemberID() && m.GetAlarm() == other.GetAlarm()
		})
	})
}

// databaseSize returns the size of a database, or 0 if it cannot be read, and the header of
// the response.
func databaseSize(ctx context.Context, c *etcd.Client, endpoint string) (int64, *pb.ResponseHeader) {
	ctx, cancel := context.WithTimeout(ctx, sizeTimeout)
	defer cancel()
	status, err := c.Status(ctx, endpoint)
	if err != nil {
		return 0, nil
	}
	return status.DbSize, status.Header
}

// healthInterval is the time between two checks of a member that is not healthy.
const healthInterval = 200 * time.Millisecond

// waitUntilHealthy waits for a member. Known alarms are ignored: they are often the
// reason for the defragmentation, and stay on until they are disarmed.
func waitUntilHealthy(ctx context.Context, f *cli.Factory, c *etcd.Client, endpoint string, limit time.Duration, known alarms) error {
	ctx, healthy := progress.Begin(ctx, func() string { return "Waiting until " + endpoint + " is healthy" })
	defer healthy()
	untilHealthy := retry.Policy{Backoff: retry.Backoff{Min: healthInterval}, For: limit, Again: func(error) bool { return true }}
	health, err := retry.Do(ctx, untilHealthy, func(ctx context.Context) (output.Health, error) {
		timed, cancel := f.Timeout(ctx)
		defer cancel()
		h, err := checkHealth(timed, c, endpoint)
		if err == nil && h.Error != "" && (h.Alarms == nil || !known.has(h.Alarms.Alarms)) {
			err = errors.New(h.Reason)
		}
		return h, err
	})
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil:
		return nil
	case health.Reason == "":
		health.Reason = c.Explain(ctx, err).Error()
	}
	return fmt.Errorf("stopped: etcd member[%s] is not healthy %s after it was defragmented: %s", endpoint, limit, health.Reason)
}
