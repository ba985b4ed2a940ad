package kv

import (
	"context"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/mvccpb"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/scan"
	"github.com/ectl-io/ectl/output"
)

// lsOptions holds the arguments and flags of "ls".
type lsOptions struct {
	levelOptions
	Recursive bool
	Long      bool
	Null      bool // end each key with a NUL
}

const (
	flagLong = "long"
	flagNull = "null"
)

// NewLsCmd returns the command "ls".
func NewLsCmd(f *cli.Factory) *cobra.Command {
	opts := &lsOptions{}
	cmd := &cobra.Command{
		Use:   "ls [PREFIX]",
		Short: "List keys level by level",
		Long: `List the keys that start with PREFIX and have no delimiter after it. The other
keys are in subtrees. A subtree is listed as its name up to the delimiter.
--depth lists the keys and subtrees of lower levels, --recursive lists all keys.

The keys of a subtree are not read, whatever its size. Entries are printed as
they are found, all at one revision, except in the format table.

--long shows the version, the size of the value in bytes, the lease and the
modification revision before each key. It reads the values to do so.

On a terminal, a key with invisible characters is a quoted string. Otherwise
each key is unchanged, so a key can contain a line break. Programs use --null.

Users without permission on the whole prefix see only the keys they may read.`,
		Example: `  # List the first level.
  ectl ls
  # Also show version, size, lease and revision.
  ectl ls /registry/ --long
  # List two levels of keys with another separator.
  ectl ls users: --delimiter : --depth 2 -w csv`,
		GroupID:           cli.GroupKV,
		Args:              cli.Args(0, 1, "at most a prefix"),
		RunE:              cli.Run(f, opts, runLs),
		ValidArgsFunction: completions.Args(f, completions.Keys),
	}
	flags := cmd.Flags()
	opts.addFlags(flags)
	flags.BoolVarP(&opts.Recursive, flagRecursive, "R", false, "list all keys and no subtrees")
	flags.BoolVarP(&opts.Long, flagLong, "l", false, "show version, size, lease and revision of each key")
	flags.BoolVarP(&opts.Null, flagNull, "0", false, "end each key with a NUL byte in place of a line break, for xargs -0")
	return cli.Extension(cmd)
}

// Complete implements cli.Options.
func (o *lsOptions) Complete(f *cli.Factory, cmd *cobra.Command, args []string) error {
	if err := o.complete(args); err != nil {
		return err
	}
	if o.Null && (f.Printer().Format() != output.Simple || f.Hex) {
		return exit.BadArgsf("--%s works only with the format simple, without --hex", flagNull)
	}
	if err := cli.Exclusive(cmd.Flags(), flagNull, flagLong); err != nil {
		return err
	}
	return cli.Exclusive(cmd.Flags(), flagRecursive, flagDepth)
}

func runLs(ctx context.Context, f *cli.Factory, opts *lsOptions) error {
	sink := &countingSink{Sink: f.Printer().Listing(output.ListingOptions{Long: opts.Long, Null: opts.Null})}
	err := opts.read(ctx, f, func(client *etcd.Client, ranges []access.Range) error {
		if opts.Recursive {
			return scan.ReadRanges(ctx, client.KV, scan.Query{KeysOnly: !opts.Long, Timeout: f.Connection.CommandTimeout, GCPercent: f.Heap.Lower}, ranges, sink)
		}
		return scan.ReadLevels(ctx, client.KV, scan.LevelQuery{
			Levels:  opts.Levels,
			Depth:   opts.Depth,
			Ranges:  ranges,
			Values:  opts.Long,
			Timeout: f.Connection.CommandTimeout,

			GCPercent: f.Heap.Lower,
		}, sink)
	})
	if err == nil && sink.keys == 0 && !opts.Null {
		f.SayNone()
	}
	return err
}

// countingSink counts the keys that it passes on.
type countingSink struct {
	scan.Sink
	keys int
}

// Keys implements scan.Sink.
func (s *countingSink) Keys(kvs []*mvccpb.KeyValue) error {
	s.keys += len(kvs)
	return s.Sink.Keys(kvs)
}
