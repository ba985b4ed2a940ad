package check

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/progress"
	"github.com/ectl-io/ectl/output"
)

// perfOptions holds the flags of "check perf".
type perfOptions struct {
	options
	Duration time.Duration
}

// perfLoad is one size of the load.
type perfLoad struct {
	writes  int // a second
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
		Example: `  ectl check perf
  ectl check perf --load m --auto-compact --auto-defrag`,
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
	w, err := dial(ctx, f, &opts.options, load.clients)
	if err != nil {
		return err
	}
	defer w.close()
	w.keySize, w.valueSize = perfKeySize, perfValueSize
	if err := w.refuseKeys(ctx); err != nil {
		return err
	}
	bar := progress.Of(f.Streams, f.Quiet, int64(opts.Duration.Seconds()*float64(load.writes)), "writes")
	timed, cancel := context.WithTimeout(ctx, opts.Duration)
	defer cancel()
	seen := w.write(timed, paced(timed, load.writes, load.clients), func() { bar.Add(1) })
	bar.End()

	revision, err := w.cleanup(ctx)
	if err != nil {
		if err := w.notice(fmt.Sprintf("FAIL: Cleanup failed during key deletion: ERROR(%v)", err)); err != nil {
			return err
		}
	} else if ctx.Err() == nil {
		if err := w.afterwards(ctx, revision); err != nil {
			return err
		}
	}
	result := seen.performance(load.writes)
	if err := f.Print(result); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case !result.Passed():
		return exit.Answer(exit.Error)
	}
	return nil
}

// performance computes the result of the writes.
func (m measured) performance(wanted int) output.Performance {
	r := output.Performance{Wanted: wanted, Failures: m.failures()}
	n := float64(len(m.latencies))
	r.Throughput = n / m.total.Seconds()
	sum := 0.0
	for _, latency := range m.latencies {
		sum += latency.Seconds()
		r.Slowest = max(r.Slowest, latency.Seconds())
	}
	average, squares := sum/n, 0.0
	for _, latency := range m.latencies {
		squares += (latency.Seconds() - average) * (latency.Seconds() - average)
	}
	r.Deviation = math.Sqrt(squares / n) // not a number if nothing was written
	return r
}

// pacing is the interval at which paced checks how many turns are due.
const pacing = time.Millisecond

// paced returns rate turns a second until ctx ends. Missed turns are not made up later,
// so that a pause of the cluster shows in the result.
func paced(ctx context.Context, perSecond, waiting int) <-chan struct{} {
	turns := make(chan struct{}, waiting)
	crash.Go(func() {
		defer close(turns)
		tick := time.NewTicker(pacing)
		defer tick.Stop()
		// The maximum that may be due at once: the turns of a few late ticks, and one
		// of which a part is due.
		maxDue := 1 + max(1, float64(perSecond)*(5*pacing).Seconds())
		due, last := 1.0, time.Now()
		for {
			now := time.Now()
			due = min(due+now.Sub(last).Seconds()*float64(perSecond), maxDue)
			last = now
			for ; due >= 1; due-- {
				select {
				case turns <- struct{}{}:
				case <-ctx.Done():
					return
				}
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
	return turns
}
