package kv

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/progress"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/output"
)

// compactionOptions holds the arguments and flags of "compaction".
type compactionOptions struct {
	Revision int64
	Keep     int64 // number of revisions; 0: Revision is given
	Physical bool
}

// NewCompactionCmd returns the command "compaction".
func NewCompactionCmd(f *cli.Factory) *cobra.Command {
	opts := &compactionOptions{}
	cmd := &cobra.Command{
		Use:   "compaction REVISION",
		Short: "Compact the key history before a revision",
		Long: `Compact the history of keys before REVISION. Values at REVISION and later can
still be read and watched.

With --keep N, the last N revisions are kept. If there are no more than N, or if
the history before them is already compacted, the command succeeds without a
change.`,
		Example: `  # Compact up to a revision.
  ectl compaction 12345
  # Keep the last 1,000 revisions, and wait until the others are removed.
  ectl compaction --keep 1000 --physical`,
		GroupID:           cli.GroupKV,
		RunE:              cli.Run(f, opts, runCompaction),
		ValidArgsFunction: completions.Args(f, completions.CurrentRevision),
	}
	cmd.Flags().BoolVar(&opts.Physical, "physical", false, "wait until the server has removed the old revisions from its database")
	cmd.Flags().Int64Var(&opts.Keep, "keep", 0, "compact all but the last `N` revisions")
	return cli.DryRun(f, cli.Destroys(f, cmd, opts, cli.Destruction[*compactionOptions]{Hits: compactionHits}))
}

// compactionHits describes the history that is compacted.
func compactionHits(ctx context.Context, f *cli.Factory, opts *compactionOptions) (string, error) {
	current, err := cli.Call(ctx, f, currentRevision)
	if err != nil {
		return "", err
	}
	revision := opts.Revision
	if opts.Keep > 0 {
		revision = current - opts.Keep + 1
	}
	if revision < 1 || revision > current {
		return "", nil // it changes nothing, or the server refuses it
	}
	return fmt.Sprintf("compact the key history before revision %d; the current revision is %d", revision, current), nil
}

// Complete implements cli.Options.
func (o *compactionOptions) Complete(_ *cli.Factory, cmd *cobra.Command, args []string) error {
	if cmd.Flags().Changed("keep") {
		if len(args) > 0 {
			return exit.BadArgsf("give a revision or --keep, not both")
		}
		if o.Keep < 1 {
			return exit.BadArgsf("--keep must be positive: got %d", o.Keep)
		}
		return nil
	}
	if err := cli.Args(1, 1, "a revision")(cmd, args); err != nil {
		return err
	}
	revision, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil {
		// The status is etcdctl's, not BadArgs.
		return exit.With(exit.Error, fmt.Errorf("invalid revision %q: want a number of at most 64 bits", args[0]))
	}
	o.Revision = revision
	return nil
}

func runCompaction(ctx context.Context, f *cli.Factory, opts *compactionOptions) error {
	if opts.Keep > 0 {
		current, err := cli.Call(ctx, f, currentRevision)
		if err != nil {
			return err
		}
		if opts.Revision = current - opts.Keep + 1; opts.Revision < 1 {
			f.Say(fmt.Sprintf("unchanged: there %s only %s", quantity.Verb(current, "is", "are"), quantity.Of(current, "revision")))
			return nil
		}
	}
	compacting, done := progress.Begin(ctx, func() string {
		return fmt.Sprintf("Compacting the key history before revision %d", opts.Revision)
	})
	err := f.Do(compacting, opts.compact)
	done()
	switch {
	case opts.Keep > 0 && errors.Is(err, rpctypes.ErrCompacted):
		f.Say(fmt.Sprintf("unchanged: revision %d is already compacted", opts.Revision))
		return nil
	case err != nil:
		return err
	}
	return f.Print(output.Compaction{Revision: opts.Revision})
}

func (o *compactionOptions) compact(ctx context.Context, c *etcd.Client) error {
	var options []clientv3.CompactOption
	if o.Physical {
		options = append(options, clientv3.WithCompactPhysical())
	}
	_, err := c.Compact(ctx, o.Revision, options...)
	return err
}

// currentRevision returns the revision of the cluster. It sends an empty transaction,
// which needs no permission on keys.
func currentRevision(ctx context.Context, c *etcd.Client) (int64, error) {
	response, err := c.Txn(ctx).Commit()
	if err != nil {
		return 0, err
	}
	return response.Header.GetRevision(), nil
}
