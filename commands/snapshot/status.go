package snapshot

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/snapshot"
	"github.com/ectl-io/ectl/output"
)

// statusOptions holds the argument of "snapshot status".
type statusOptions struct{ Path string }

func newStatusCmd(f *cli.Factory) *cobra.Command {
	opts := &statusOptions{}
	return &cobra.Command{
		Use:   "status FILE",
		Short: "Check a snapshot file, and show its hash, revision, keys and size",
		Long: `Check the integrity of a snapshot file, and show its hash, its revision, the
number of its keys, and its size. The command reads only the file, and needs no
server. FILE may also be a copy of a member's database.

The formats are those of "etcdutl snapshot status". To restore a member from the
file, use "etcdutl snapshot restore FILE --data-dir FOLDER".`,
		Example: `  # Check a snapshot.
  ectl snapshot status backup.db
  # Show what it contains in a table.
  ectl snapshot status backup.db -w table`,
		Args:              cli.Args(1, 1, "a file name"),
		RunE:              cli.Run(f, opts, runStatus),
		ValidArgsFunction: completions.File,
	}
}

// Complete implements cli.Options.
func (o *statusOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	o.Path = args[0]
	return nil
}

func runStatus(ctx context.Context, f *cli.Factory, opts *statusOptions) error {
	s, err := snapshot.ReadStatus(ctx, opts.Path)
	if err != nil {
		return err
	}
	if !s.Checksum {
		f.Warn("the file has no checksum, as a copy of a database without \"snapshot save\": only its pages were checked")
	}
	return f.Print(output.SnapshotStatus{Hash: s.Hash, Revision: s.Revision, Keys: s.Keys, Size: s.Size, Version: s.Version})
}
