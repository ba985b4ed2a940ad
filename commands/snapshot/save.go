package snapshot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/atomicfile"
	"github.com/ectl-io/ectl/internal/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/progress"
	"github.com/ectl-io/ectl/output"
)

// saveOptions is what "snapshot save" was asked to do.
type saveOptions struct {
	Path string
	Pick string // one of picks, or empty
}

// Which of several members --pick takes.
const (
	pickLeader   = "leader"
	pickFollower = "follower"
	pickAny      = "any"
)

func picks() []string { return []string{pickLeader, pickFollower, pickAny} }

func newSaveCmd(f *cli.Factory, run func(context.Context, *saveOptions) error) *cobra.Command {
	opts := &saveOptions{}
	cmd := &cobra.Command{
		Use:   "save FILE",
		Short: "Save a copy of a member's database in a file",
		Long: `Save a copy of a member's database in a file. The copy goes to a temporary file
beside FILE, is checked against the checksum that the server sends with it and
takes FILE's name only when it is complete and on the disk.

It is one member's copy: of several endpoints one has to be picked. It takes as
long as it takes, unless --command-timeout is given.`,
		Example: `  ` + f.Program + ` snapshot save /backup/etcd.db
  ` + f.Program + ` snapshot save /backup/etcd.db --pick follower --endpoints etcd1:2379,etcd2:2379,etcd3:2379`,
		Args: cli.Args(1, 1, "a file name"),
		RunE: f.RunE(func(ctx context.Context, args []string) error {
			opts.Path = args[0]
			if opts.Pick != "" && !slices.Contains(picks(), opts.Pick) {
				return exit.BadFeaturef("unknown member to pick %q; it is %s", opts.Pick, strings.Join(picks(), ", "))
			}
			if opts.Path == "" {
				return exit.With(exit.Interrupted, errors.New("the file name is empty")) // etcdctl's status, found after the copy
			}
			if run != nil {
				return run(ctx, opts)
			}
			return interrupted(runSave(ctx, f, opts))
		}),
	}
	cmd.Flags().StringVar(&opts.Pick, "pick", "", "of several endpoints take the `member` that is: leader, follower, any")
	_ = cmd.RegisterFlagCompletionFunc("pick", cobra.FixedCompletions(picks(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// interrupted gives an error etcdctl's status for a snapshot that failed for
// whatever reason, but for options that cannot work.
func interrupted(err error) error {
	if err == nil || exit.CodeOf(err) == exit.BadArgs {
		return err
	}
	return exit.With(exit.Interrupted, errors.New(err.Error()))
}

func runSave(ctx context.Context, f *cli.Factory, opts *saveOptions) error {
	client, status, err := source(ctx, f, opts.Pick)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	if f.Globals().Changed(etcd.FlagCommandTimeout) {
		timed, cancel := f.Timeout(ctx)
		defer cancel()
		saved, err := save(timed, f, client, status.DbSize, opts.Path)
		return report(ctx, f, client, saved, err)
	}
	saved, err := save(ctx, f, client, status.DbSize, opts.Path)
	return report(ctx, f, client, saved, err)
}

func report(ctx context.Context, f *cli.Factory, client *etcd.Client, saved output.SnapshotSaved, err error) error {
	if err != nil {
		return client.Explain(ctx, err)
	}
	return f.Print(saved)
}

// source returns a client of the member to copy and its status, which it has
// to tell within the command's timeout: a copy may take for ever, but not the
// wait for a member that is not there.
func source(ctx context.Context, f *cli.Factory, pick string) (*etcd.Client, *clientv3.StatusResponse, error) {
	dialer, err := f.Dialer(ctx)
	if err != nil {
		return nil, nil, err
	}
	if pick == "" && len(dialer.Endpoints) > 1 {
		return nil, nil, fmt.Errorf("snapshot must be requested to one selected node, not multiple [%s]; or let one be picked with --pick %s",
			strings.Join(dialer.Endpoints, " "), strings.Join(picks(), "|"))
	}
	var failures []error
	for _, endpoint := range dialer.Endpoints {
		client, status, err := ask(ctx, f, dialer, endpoint)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		if picked(pick, status) {
			return client, status, nil
		}
		_ = client.Close()
	}
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	if len(failures) > 0 {
		return nil, nil, failures[0]
	}
	return nil, nil, fmt.Errorf("no %s among [%s]", pick, strings.Join(dialer.Endpoints, " "))
}

func ask(ctx context.Context, f *cli.Factory, dialer *etcd.Dialer, endpoint string) (*etcd.Client, *clientv3.StatusResponse, error) {
	client, err := dialer.Dial(ctx, []string{endpoint})
	if err != nil {
		return nil, nil, err
	}
	timed, cancel := f.Timeout(ctx)
	defer cancel()
	status, err := client.Status(timed, endpoint)
	if err != nil {
		err = client.Explain(ctx, err)
		_ = client.Close()
		return nil, nil, err
	}
	return client, status, nil
}

func picked(pick string, s *clientv3.StatusResponse) bool {
	leads := s.Leader == s.Header.GetMemberId()
	switch pick {
	case pickLeader:
		return leads
	case pickFollower:
		return !leads && !s.IsLearner
	}
	return true
}

// save copies the database into the file at path. size is about what the copy
// will have.
func save(ctx context.Context, f *cli.Factory, client *etcd.Client, size int64, path string) (saved output.SnapshotSaved, err error) {
	file, err := atomicfile.Create(path)
	if err != nil {
		return saved, fmt.Errorf("could not open a file beside %s (%w)", path, err)
	}
	defer file.Discard() // does nothing once it has its name
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	parts, err := begin(ctx, client.ActiveConnection(), client.StreamOptions())
	if err != nil {
		return saved, serverError(err)
	}
	first, err := parts.Recv()
	if err != nil {
		return saved, serverError(err)
	}
	bar := progress.OfBytes(f.Streams, f.Quiet, size)
	defer bar.End()
	sum := newChecksum()
	saved.Path, saved.Version = path, first.version
	saved.Size, err = copyTo(file.File, sum, bar, first, parts)
	if err != nil {
		return saved, fmt.Errorf("could not write snapshot: %w", serverError(err))
	}
	if err := sum.verify(); err != nil {
		return saved, err
	}
	return saved, file.Keep()
}
