package check

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/progress"
	"github.com/ectl-io/ectl/internal/workload"
	"github.com/ectl-io/ectl/output"
)

// perfOptions holds the flags of "check perf".
type perfOptions struct {
	options
	Duration time.Duration
}

// perfLoad is one size of the load.
type perfLoad struct {
	writes  int // per second
	clients int
}

// perfLoads returns etcdctl's loads by the short names of the sizes.
func perfLoads() map[string]perfLoad {
	return map[string]perfLoad{
		"s":  {150, 50},
		"m":  {1000, 200},
		"l":  {8000, 500},
		"xl": {15000, 1000},
	}
}

// perfDuration is etcdctl's duration of the check.
const perfDuration = time.Minute

// Sizes of the keys and values that perf writes, as in etcdctl.
const (
	perfKeySize   = 256
	perfValueSize = 1024
)

func newPerfCmd(f *cli.Factory) *cobra.Command {
	opts := &perfOptions{}
	cmd := &cobra.Command{
		Use:   "perf",
		Short: "Check the write performance of the cluster",
		Long: `Check the write performance of the cluster. The check writes keys for a minute
at the rate of the load. The cluster passes if it completes 90% of the writes,
each within 0.5 seconds, with a standard deviation of at most 0.1 seconds.
Otherwise the exit status is 1.

    load  writes a second  clients
    s                 150       50
    m                1000      200
    l                8000      500
    xl              15000     1000

If interrupted, the check deletes its keys and prints its results so far.`,
		Example: `  # Check for a minute, under small load.
  ectl check perf
  # Check for ten seconds, under medium load, then compact and defragment.
  ectl check perf --load m --duration 10s --auto-compact --auto-defrag`,
		Args: cobra.ArbitraryArgs, // as etcdctl, which ignores them
		RunE: cli.Run(f, opts, runPerf),
	}
	opts.addFlags(cmd, "/etcdctl-check-perf/")
	cmd.Flags().DurationVar(&opts.Duration, "duration", perfDuration, "duration of the writes")
	return cmd
}

// Complete implements cli.Options.
func (o *perfOptions) Complete(f *cli.Factory, cmd *cobra.Command, args []string) error {
	if o.Duration <= 0 {
		return exit.BadArgsf("--duration %s: must be positive", o.Duration)
	}
	return o.options.Complete(f, cmd, args)
}

func runPerf(ctx context.Context, f *cli.Factory, opts *perfOptions) error {
	load := perfLoads()[opts.size]
	c, err := begin(ctx, f, &opts.options, load.clients, workload.Workload{KeySize: perfKeySize, ValueSize: perfValueSize})
	if err != nil {
		return err
	}
	defer c.Close()
	bar := progress.Of(f.Streams, f.Quiet, int64(opts.Duration.Seconds()*float64(load.writes)), "writes")
	timed, cancel := context.WithTimeout(ctx, opts.Duration)
	defer cancel()
	turns := func(ctx context.Context) <-chan struct{} { return workload.Paced(ctx, load.writes, load.clients) }
	seen := c.Write(timed, turns, func() { bar.Add(1) })
	bar.End()

	revision, err := c.cleanup(ctx, &seen)
	if err != nil {
		if err := c.notice(fmt.Sprintf("FAIL: Cleanup failed during key deletion: ERROR(%v)", err)); err != nil {
			return err
		}
	} else if ctx.Err() == nil && seen.Stopped == nil {
		if err := c.afterwards(ctx, revision); err != nil {
			return err
		}
	}
	result := performance(seen, load.writes)
	if err := f.Print(result); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case seen.Stopped != nil:
		return c.First().Explain(ctx, seen.Stopped)
	case !result.Passed():
		return exit.Answer(exit.Error)
	}
	return nil
}

// performance computes the result of the writes.
func performance(m workload.Measured, wanted int) output.Performance {
	r := output.Performance{Wanted: wanted, Failures: output.SortedFailures(m.Errors)}
	n := float64(len(m.Latencies))
	r.Throughput = n / m.Total.Seconds()
	sum := 0.0
	for _, latency := range m.Latencies {
		sum += latency.Seconds()
		r.Slowest = max(r.Slowest, latency.Seconds())
	}
	average, squares := sum/n, 0.0
	for _, latency := range m.Latencies {
		squares += (latency.Seconds() - average) * (latency.Seconds() - average)
	}
	r.Deviation = math.Sqrt(squares / n) // NaN if nothing was written
	return r
}
