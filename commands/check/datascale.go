package check

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/progress"
	"github.com/ectl-io/ectl/internal/workload"
	"github.com/ectl-io/ectl/output"
)

// datascaleLoad is one size of the load.
type datascaleLoad struct {
	keys    int
	clients int
}

// datascaleLoads returns etcdctl's loads by the short names of the sizes.
func datascaleLoads() map[string]datascaleLoad {
	return map[string]datascaleLoad{
		"s":  {10_000, 50},
		"m":  {100_000, 200},
		"l":  {1_000_000, 500},
		"xl": {3_000_000, 1000},
	}
}

// Sizes of the keys and values that datascale writes, as in etcdctl.
const (
	datascaleKeySize   = 512
	datascaleValueSize = 512
)

// residentMemory is the metric for the resident memory of a member.
const residentMemory = "process_resident_memory_bytes"

func newDatascaleCmd(f *cli.Factory) *cobra.Command {
	opts := &options{}
	cmd := &cobra.Command{
		Use:   "datascale",
		Short: "Check how much memory keys take",
		Long: `Check how much memory keys take. The check writes keys of 1 KiB, values
included, and measures how much memory the first endpoint's member gains, by the
metric ` + residentMemory + `.

    load     keys  clients
    s       10000       50
    m      100000      200
    l     1000000      500
    xl    3000000     1000`,
		Example: `  # Write the keys of small load, then compact and defragment.
  ectl check datascale --load s --auto-compact --auto-defrag`,
		Args: cobra.ArbitraryArgs, // as etcdctl, which ignores them
		RunE: cli.Run(f, opts, runDatascale),
	}
	opts.addFlags(cmd, "/etcdctl-check-datascale/")
	return cmd
}

func runDatascale(ctx context.Context, f *cli.Factory, opts *options) error {
	load := datascaleLoads()[opts.size]
	c, err := begin(ctx, f, opts, load.clients, workload.Workload{KeySize: datascaleKeySize, ValueSize: datascaleValueSize})
	if err != nil {
		return err
	}
	defer c.Close()
	before, err := c.memory(ctx, "before")
	if err != nil {
		return err
	}
	if err := c.notice(fmt.Sprintf("Start data scale check for work load [%d key-value pairs, %d bytes per key-value, %d concurrent clients].",
		load.keys, datascaleKeySize+datascaleValueSize, load.clients)); err != nil {
		return err
	}
	bar := progress.Of(f.Streams, f.Quiet, int64(load.keys), "keys")
	turns := func(ctx context.Context) <-chan struct{} { return workload.Counted(ctx, load.keys) }
	seen := c.Write(ctx, turns, func() { bar.Add(1) })
	bar.End()

	var after float64
	var unread error
	if ctx.Err() == nil && seen.Stopped == nil {
		after, unread = c.memory(ctx, "after")
	}
	revision, err := c.cleanup(ctx, &seen)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case seen.Stopped != nil:
		return c.First().Explain(ctx, seen.Stopped)
	case unread != nil:
		return unread
	case err != nil:
		return c.First().Explain(ctx, err)
	}
	if err := c.afterwards(ctx, revision); err != nil {
		return err
	}
	result := output.Datascale{Keys: load.keys, Memory: after - before, Failures: output.SortedFailures(seen.Errors)}
	if err := f.Print(result); err != nil {
		return err
	}
	if !result.Passed() {
		return exit.Answer(exit.Error)
	}
	return nil
}

// memory returns the resident memory of the first member. If the member does not report
// it, that is also printed, as in etcdctl.
func (c *check) memory(ctx context.Context, when string) (float64, error) {
	timed, cancel := c.f.Timeout(ctx)
	defer cancel()
	size, err := workload.Metric(timed, c.dialer, c.dialer.Endpoints[0], residentMemory)
	switch {
	case ctx.Err() != nil:
		return 0, context.Cause(ctx)
	case err == nil && size > 0:
		return size, nil
	case err == nil:
		err = fmt.Errorf("%s is 0", residentMemory)
	}
	if printErr := c.f.Print(output.UnknownMemory{Reason: err.Error(), When: when}); printErr != nil {
		return 0, printErr
	}
	return 0, fmt.Errorf("%s does not report its memory: %w", c.dialer.Endpoints[0], err)
}
