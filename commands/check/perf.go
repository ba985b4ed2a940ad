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

// perfOptions is what "check perf" was asked to do.
type perfOptions struct {
	options
	Duration time.Duration
}

// perfLoad is one size of the load.
type perfLoad struct {
	writes  int // a second
	clients int
}

// perfLoads are etcdctl's, by the short names of the sizes.
func perfLoads() map[string]perfLoad {
	return map[string]perfLoad{
		"s":  {150, 50},
		"m":  {1000, 200},
		"l":  {8000, 500},
		"xl": {15000, 1000},
	}
}

// perfDuration is etcdctl's.
const perfDuration = time.Minute

// Sizes of what perf writes, etcdctl's.
const (
	perfKeySize   = 256
	perfValueSize = 1024
)

func newPerfCmd(f *cli.Factory) *cobra.Command {
	opts := &perfOptions{}
	cmd := &cobra.Command{
		Use:   "perf",
		Short: "Try whether the cluster is fast enough",
		Long: `Write keys for a minute, at the rate of the load, and say whether the cluster
keeps up: it has to do nine tenths of the writes, each within half a second,
with a standard deviation of a tenth of a second at most. Otherwise the exit
status is 1.

    load  writes a second  clients
    s                 150       50
    m                1000      200
    l                8000      500
    xl              15000     1000

Interrupted, it deletes its keys and says what it has seen so far.`,
		Example: `  ectl check perf
  ectl check perf --load m --auto-compact --auto-defrag`,
		Args: cobra.ArbitraryArgs, // as etcdctl, which ignores them
		RunE: cli.Run(f, opts, runPerf),
	}
	opts.addFlags(cmd, "/etcdctl-check-perf/")
	cmd.Flags().DurationVar(&opts.Duration, "duration", perfDuration, "how long to write")
	return cmd
}

// Complete implements cli.Options.
func (o *perfOptions) Complete(f *cli.Factory, cmd *cobra.Command, args []string) error {
	if o.Duration <= 0 {
		return exit.BadArgsf("--duration %s: give a positive time", o.Duration)
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

// performance is what the writes say of the cluster.
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
	r.Deviation = math.Sqrt(squares / n) // not a number where nothing was written
	return r
}

// pacing is how exactly the turns are paced: what is due is looked at so often.
const pacing = time.Millisecond

// paced returns so many turns a second until ctx ends. What is not taken in time
// is not made up for later, so that a cluster which stops for a while shows.
func paced(ctx context.Context, perSecond, waiting int) <-chan struct{} {
	turns := make(chan struct{}, waiting)
	crash.Go(func() {
		defer close(turns)
		tick := time.NewTicker(pacing)
		defer tick.Stop()
		// The most that may be due at once: what a few ticks can be late, and one
		// of which a part is due.
		most := 1 + max(1, float64(perSecond)*(5*pacing).Seconds())
		due, last := 1.0, time.Now()
		for {
			now := time.Now()
			due = min(due+now.Sub(last).Seconds()*float64(perSecond), most)
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
