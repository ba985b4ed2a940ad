package snapshot

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/atomicfile"
	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/progress"
	"github.com/ectl-io/ectl/output"
)

// saveOptions holds the arguments and flags of "snapshot save".
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

func picks() cli.Choices[string] {
	return cli.Choices[string]{Flag: "pick", Values: []cli.Choice[string]{
		{Name: "", Value: ""},
		{Name: pickLeader, Value: pickLeader},
		{Name: pickFollower, Value: pickFollower},
		{Name: pickAny, Value: pickAny},
	}}
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
The copy has no time limit, unless --command-timeout is given.`,
		Example: `  ectl snapshot save /backup/etcd.db
  ectl snapshot save /backup/etcd.db --pick follower --endpoints etcd1:2379,etcd2:2379,etcd3:2379`,
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
	return exit.Force(exit.Interrupted, err)
}

// Complete implements cli.Options.
func (o *saveOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) (err error) {
	o.Path = args[0]
	if o.Pick, err = picks().Parse(o.Pick); err != nil {
		return err
	}
	if o.Path == "" {
		return exit.With(exit.Interrupted, errors.New("the file name is empty: give a name")) // etcdctl's status; it finds this after the copy
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
	if warning := replacing(opts.Path); warning != "" {
		f.Warn(warning)
	}
	from, err := source(ctx, f, opts.Pick)
	if err != nil {
		return err
	}
	defer from.close()
	if f.Globals().Changed(etcd.FlagCommandTimeout) {
		timed, cancel := f.Timeout(ctx)
		defer cancel()
		saved, err := save(timed, f, from.client, from.status.DbSize, opts.Path)
		return report(ctx, f, from.client, saved, err)
	}
	saved, err := save(ctx, f, from.client, from.status.DbSize, opts.Path)
	return report(ctx, f, from.client, saved, err)
}

func report(ctx context.Context, f *cli.Factory, client *etcd.Client, saved output.SnapshotSaved, err error) error {
	if err != nil {
		return client.Explain(ctx, err)
	}
	return f.Print(saved)
}

// member is a candidate for the copy.
type member struct {
	client *etcd.Client
	status *clientv3.StatusResponse
	err    error // why it cannot be copied

	place int // index among the endpoints
	end   context.CancelFunc
}

func (m member) close() {
	if m.client != nil {
		_ = m.client.Close()
	}
	m.end()
}

// source returns the member to copy. All members are queried concurrently, and the
// first suitable one is used. They must answer within the command's timeout, though the
// copy itself has no time limit.
func source(ctx context.Context, f *cli.Factory, pick string) (member, error) {
	dialer, err := f.Dialer(ctx)
	if err != nil {
		return member{}, err
	}
	if pick == "" && len(dialer.Endpoints) > 1 {
		return member{}, fmt.Errorf("snapshot must be requested to one selected node, not multiple [%s]: give one endpoint, or select a member with --pick %s",
			strings.Join(dialer.Endpoints, " "), picks().Names())
	}
	asking, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan member)
	for place, endpoint := range dialer.Endpoints {
		crash.Go(func() {
			m := ask(ctx, asking, f, dialer, endpoint)
			m.place = place
			select {
			case answers <- m:
			case <-asking.Done():
				m.close()
			}
		})
	}
	failures := make([]error, len(dialer.Endpoints))
	for range dialer.Endpoints {
		select {
		case m := <-answers:
			if m.err == nil && picked(pick, m.status) {
				return m, nil
			}
			failures[m.place] = m.err
			m.close()
		case <-ctx.Done():
			return member{}, context.Cause(ctx)
		}
	}
	for _, err := range failures {
		if err != nil {
			return member{}, err
		}
	}
	return member{}, fmt.Errorf("no %s among the endpoints [%s]", pick, strings.Join(dialer.Endpoints, " "))
}

// ask requests the status of a member, until asking ends. Its client ends with ctx.
func ask(ctx, asking context.Context, f *cli.Factory, dialer *etcd.Dialer, endpoint string) member {
	ctx, cancel := context.WithCancel(ctx)
	m := member{end: cancel}
	defer context.AfterFunc(asking, crash.Guarded(cancel))() // a login does not use the context asking
	if m.client, m.err = dialer.Dial(ctx, []string{endpoint}); m.err != nil {
		return m
	}
	timed, cancelTimed := f.Timeout(ctx)
	defer cancelTimed()
	if m.status, m.err = m.client.Status(timed, endpoint); m.err != nil {
		m.err = m.client.Explain(ctx, m.err)
	}
	return m
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

// save copies the database into the file at path. size is the approximate size of the
// copy.
func save(ctx context.Context, f *cli.Factory, client *etcd.Client, size int64, path string) (saved output.SnapshotSaved, err error) {
	file, err := atomicfile.Create(path)
	if err != nil {
		return saved, fmt.Errorf("could not create a temporary file next to %s (%w)", path, err)
	}
	defer file.Discard() // no effect after Keep
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
