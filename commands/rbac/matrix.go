package rbac

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/output"
)

// matrixOptions is what "rbac matrix" was asked to show.
type matrixOptions struct {
	Keys           cli.KeyRange // every key, where none is given
	CheckPasswords bool
	Waivers        policyFiles
}

const flagCheckPasswords = "check-passwords"

func newMatrixCmd(f *cli.Factory) *cobra.Command {
	opts := &matrixOptions{}
	cmd := &cobra.Command{
		Use:   "matrix [KEY [END]]",
		Short: "Show all users by the ranges of keys that they may read and write",
		Long: `Show what each user may read and write: of all keys, or of the keys that are
given. Only root may ask that.

With -w table, csv or markdown there is a row for each user and a column for
each range that a role grants something on: R and W say that all of it may be
read and written, in parentheses that a part may.

With -w html it is a page for an access review that needs nothing else: who
holds root, who has no password, what lint finds, users, ranges and roles, with
search and sorting, and fit to be printed.

etcd has no list of who has a password. With --` + flagCheckPasswords + ` each user is
tried with a password that is certainly wrong, and the refusal tells. It costs
the server what a login costs, some 60 ms of one processor for each user who has
one, and a line in its log. While authentication is off nobody can know.`,
		Example: `  ectl rbac matrix
  ectl rbac matrix /app/ --prefix -w table
  ectl rbac matrix --` + flagCheckPasswords + ` -w html > review.html`,
		Args:              cli.Args(0, 2, "perhaps a key [and an end key]"),
		RunE:              cli.Run(f, opts, runMatrix),
		ValidArgsFunction: completions.Args(f, completions.Keys, completions.Keys),
	}
	opts.Keys.AddFlags(cmd.Flags(), "show")
	cmd.Flags().BoolVar(&opts.CheckPasswords, flagCheckPasswords, false, "find out who has no password")
	addWaivers(cmd, &opts.Waivers)
	return cli.FormatsOf(cmd, output.AccessMatrix{})
}

// Complete implements cli.Options.
func (o *matrixOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	if len(args) == 0 {
		if o.Keys.Prefix || o.Keys.FromKey {
			return exit.BadArgsf("--%s and --%s want a key", cli.FlagPrefix, cli.FlagFromKey)
		}
		o.Keys.Key, o.Keys.End = access.OpenEnd, access.OpenEnd
		return nil
	}
	return o.Keys.Complete(args, cli.EmptyKeyRefused)
}

func runMatrix(ctx context.Context, f *cli.Factory, opts *matrixOptions) error {
	waivers, err := readWaivers(ctx, f, &opts.Waivers)
	if err != nil {
		return err
	}
	snapshot, err := reader.ReadAs(ctx, f.Session)
	if err != nil {
		return err
	}
	warnWhileOff(f, snapshot)
	result, err := matrixOf(ctx, f, opts, snapshot, waivers)
	if err != nil {
		return err
	}
	dialer, err := f.Dialer(ctx)
	if err != nil {
		return err
	}
	result.Cluster.Endpoints = dialer.Endpoints
	switch {
	case !opts.CheckPasswords:
	case !snapshot.Enabled:
		f.Warn("who has a password cannot be known while authentication is off")
	default:
		if result.WithoutPassword, err = withoutPassword(ctx, f, result.Users); err != nil {
			return err
		}
	}
	return f.Print(result)
}

func matrixOf(ctx context.Context, f *cli.Factory, opts *matrixOptions, snapshot reader.Snapshot, waivers []policy.Waiver) (result output.AccessMatrix, err error) {
	matrix, err := iostreams.Await(ctx, func() (access.Matrix, error) { return snapshot.Matrix(opts.Keys.Range()), nil })
	if err != nil {
		return result, err
	}
	found, err := findings(ctx, f, snapshot.State, waivers)
	return output.AccessMatrix{
		Matrix: matrix,
		State:  snapshot.State,
		Keys:   opts.Keys.Range(),
		Lint:   found,
		Cluster: output.AccessCluster{
			ID: snapshot.Cluster, Enabled: snapshot.Enabled, Revision: snapshot.Revision, At: time.Now(),
		},
	}, err
}

// withoutPassword returns which of users have no password.
func withoutPassword(ctx context.Context, f *cli.Factory, users []access.UserAccess) (map[string]bool, error) {
	client, err := f.Client(ctx)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(users))
	for _, u := range users {
		names = append(names, u.Name)
	}
	return reader.WithoutPassword(ctx, client, f.Timeout, names)
}
