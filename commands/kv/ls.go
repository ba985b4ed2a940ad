package kv

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/scan"
	"github.com/ectl-io/ectl/output"
)

// lsOptions holds the arguments and flags of "ls".
type lsOptions struct {
	levelOptions
	Recursive bool
	Long      bool
}

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

Users without permission on the whole prefix see only the keys they may read.`,
		Example: `  ectl ls
  ectl ls /registry/ --long
  ectl ls users: --delimiter : --depth 2 -w csv`,
		GroupID:           cli.GroupKV,
		Args:              cli.Args(0, 1, "at most a prefix"),
		RunE:              cli.Run(f, opts, runLs),
		ValidArgsFunction: completions.Args(f, completions.Keys),
	}
	flags := cmd.Flags()
	opts.addFlags(flags)
	flags.BoolVarP(&opts.Recursive, flagRecursive, "R", false, "list all keys and no subtrees")
	flags.BoolVarP(&opts.Long, "long", "l", false, "show version, size, lease and revision of each key")
	return cli.Extension(cmd)
}

// Complete implements cli.Options.
func (o *lsOptions) Complete(_ *cli.Factory, cmd *cobra.Command, args []string) error {
	if err := o.complete(args); err != nil {
		return err
	}
	return cli.Exclusive(cmd.Flags(), flagRecursive, flagDepth)
}

func runLs(ctx context.Context, f *cli.Factory, opts *lsOptions) error {
	sink := f.Printer().Listing(output.ListingOptions{Long: opts.Long})
	return opts.read(ctx, f, func(client *etcd.Client, ranges []access.Range) error {
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
}
