package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/atomicfile"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/progress"
	"github.com/ectl-io/ectl/internal/shell"
	"github.com/ectl-io/ectl/internal/snapshot"
	"github.com/ectl-io/ectl/output"
)

// saveOptions holds the arguments and flags of "snapshot save".
type saveOptions struct {
	Path string
	Pick string // as given on the command line; if empty, there must be only one endpoint

	pick snapshot.Pick
}

func picks() cli.Choices[snapshot.Pick] {
	choices := cli.Choices[snapshot.Pick]{Flag: "pick", Values: []cli.Choice[snapshot.Pick]{{Name: "", Value: ""}}}
	for _, pick := range []snapshot.Pick{snapshot.Leader, snapshot.Follower, snapshot.Any} {
		choices.Values = append(choices.Values, cli.Choice[snapshot.Pick]{Name: string(pick), Value: pick})
	}
	return choices
}

func newSaveCmd(f *cli.Factory) *cobra.Command {
	opts := &saveOptions{}
	cmd := &cobra.Command{
		Use:   "save FILE",
		Short: "Back up the database of a member to a file",
		Long: `Back up the database of a member to a file. The copy is written to a temporary
file next to FILE. It must be a database, and match the checksum that the server
sends. It gets the name FILE only when it is complete and on disk.

FILE must not be a device, a pipe or an open file of a process, such as
/dev/stdout. If a file that is not a database will be replaced, a warning is
printed.

The copy comes from one member. With several endpoints, --pick must select one.
The copy has no time limit, unless --command-timeout is given.

The member, its revision and the size are printed on standard error. "etcdutl
snapshot restore FILE --data-dir FOLDER" makes a new cluster from the copy.

Exit status: 0 for success, 5 for a failed copy.`,
		Example: `  # Copy the database of one member.
  ectl snapshot save /backup/etcd.db
  # Copy that of a follower.
  ectl snapshot save /backup/etcd.db --pick follower \
    --endpoints etcd1:2379,etcd2:2379,etcd3:2379`,
		Args:              cli.Args(1, 1, "a file name"),
		RunE:              cli.Run(f, opts, runSave),
		ValidArgsFunction: completions.File,
	}
	picks().AddFlag(cmd, &opts.Pick, "with several endpoints, the `member` to copy")
	return cmd
}

// interrupted gives an error etcdctl's status for a failed snapshot, unless the options
// are invalid.
func interrupted(err error) error {
	if err == nil || exit.CodeOf(err) == exit.BadArgs {
		return err
	}
	return exit.Force(exit.Cancelled, err)
}

// Complete implements cli.Options.
func (o *saveOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) (err error) {
	o.Path = args[0]
	if o.pick, err = picks().Parse(o.Pick); err != nil {
		return err
	}
	if o.Path == "" {
		return exit.With(exit.Cancelled, errors.New("the file name is empty: give a name")) // etcdctl's status; etcdctl detects this after the copy
	}
	return nil
}

func runSave(ctx context.Context, f *cli.Factory, opts *saveOptions) error {
	return interrupted(saveTo(ctx, f, opts))
}

func saveTo(ctx context.Context, f *cli.Factory, opts *saveOptions) error {
	if err := atomicfile.Check(opts.Path); err != nil {
		return err
	}
	if warning := snapshot.Replacing(opts.Path); warning != "" {
		f.Warn(warning)
	}
	dialer, err := f.Dialer(ctx)
	if err != nil {
		return err
	}
	if opts.pick == "" && len(dialer.Endpoints) > 1 {
		return fmt.Errorf("snapshot must be requested to one selected node, not multiple [%s]: give one endpoint, or select a member with --pick %s",
			strings.Join(dialer.Endpoints, " "), picks().Names())
	}
	member, err := snapshot.Find(ctx, dialer, f.Connection.CommandTimeout, opts.pick)
	if err != nil {
		return err
	}
	defer member.Close()
	copying := ctx
	if f.Globals().Changed(etcd.FlagCommandTimeout) {
		timed, cancel := f.Timeout(ctx)
		defer cancel()
		copying = timed
	}
	var bar *progress.Bar
	saved, err := snapshot.Save(copying, member.Client, opts.Path, func() io.Writer {
		bar = progress.OfBytes(f.Streams, f.Quiet, member.Status.DbSize)
		return bar
	})
	if bar != nil {
		bar.End()
	}
	if err != nil {
		return member.Client.Explain(ctx, err)
	}
	if err := f.Print(output.SnapshotSaved{Path: opts.Path, Size: saved.Size, Version: saved.Version}); err != nil {
		return err
	}
	if !f.Quiet {
		f.Say(describe(member, opts.Path, saved.Size))
	}
	return nil
}

// describe returns a line about a copy: whose it is, and how to restore it.
func describe(member *snapshot.Member, path string, size int64) string {
	line := fmt.Sprintf("Copied member %x (%s) at revision %d or later: %s", member.Status.Header.GetMemberId(),
		strings.Join(member.Client.Endpoints(), ", "), member.Status.Header.GetRevision(), output.Bytesize(size))
	if restore, ok := shell.Line("etcdutl", "snapshot", "restore", path); ok {
		line += "; to restore it: " + restore + " --data-dir FOLDER"
	}
	return line
}
