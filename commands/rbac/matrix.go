package rbac

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/access/review"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/limited"
	"github.com/ectl-io/ectl/internal/version"
	"github.com/ectl-io/ectl/output"
)

// matrixOptions holds the arguments and flags of "rbac matrix".
type matrixOptions struct {
	Keys           cli.KeyRange // all keys if none is given
	CheckPasswords bool
	Waivers        policyFiles
	Since          string // file of an earlier review
}

const flagCheckPasswords = "check-passwords"

func newMatrixCmd(f *cli.Factory) *cobra.Command {
	opts := &matrixOptions{}
	cmd := &cobra.Command{
		Use:   "matrix [KEY [END]]",
		Short: "Show the access of all users to ranges of keys",
		Long: `Show which keys each user may read and write, of all keys or of the given keys.
Only root may run this command.

With -w table, csv or markdown, there is a row for each user and a column for
each range that a role grants access to. R and W mean that the whole range may
be read and written. In parentheses, they mean a part of the range.

With -w html, the output is a page for an access review. It shows the users with
the role root, the users without a password, the findings of "rbac lint", users,
ranges and roles. A search for a key lists every user that may read or write it.
Printed, the page has a form to keep or revoke each role of each user.

With --since, the result also shows which users have gained or lost access since
an earlier review, which was kept with -w json.

etcd has no list of the users with a password. With --` + flagCheckPasswords + ` the
command tries a wrong password for each user. The server's error shows whether
the user has one. For each user with a password, this costs the server some 60
ms of one processor, and a line in its log. It works only while authentication
is on.`,
		Example: `  # Show the keys of each user.
  ectl rbac matrix
  # Show one prefix, with a row for each user.
  ectl rbac matrix /app/ --prefix -w table
  # Make a page for an access review.
  ectl rbac matrix --` + flagCheckPasswords + ` -w html > review.html
  # Keep the review.
  ectl rbac matrix -w json > review.json
  # Compare the next review with it.
  ectl rbac matrix --since review.json -w html > next.html`,
		Args:              cli.Args(0, 2, "at most a key and an end key"),
		RunE:              cli.Run(f, opts, runMatrix),
		ValidArgsFunction: completions.Args(f, completions.Keys, completions.Keys),
	}
	opts.Keys.AddFlags(cmd.Flags(), "show")
	cmd.Flags().BoolVar(&opts.CheckPasswords, flagCheckPasswords, false, "find the users without a password")
	cmd.Flags().StringVar(&opts.Since, "since", "", "show what has changed since the earlier review in this `file`, written with -w json")
	addWaivers(cmd, &opts.Waivers)
	return cli.FormatsOf(cmd, output.AccessMatrix{})
}

// Complete implements cli.Options.
func (o *matrixOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	if len(args) == 0 {
		if o.Keys.Prefix || o.Keys.FromKey {
			return exit.BadArgsf("--%s and --%s need a key", cli.FlagPrefix, cli.FlagFromKey)
		}
		o.Keys.Key, o.Keys.End = access.OpenEnd, access.OpenEnd
		return nil
	}
	return o.Keys.Complete(args, cli.EmptyKeyRefused)
}

// maxReview is the maximum size of an earlier review, in bytes.
const maxReview = 1 << 30

// readSince reads the earlier review. It returns nil if there is none.
func readSince(ctx context.Context, file string) (*review.Review, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // no review
	}
	text, err := iostreams.Await(ctx, func() ([]byte, error) { return limited.ReadFile(file, maxReview) })
	if err != nil {
		return nil, exit.With(exit.IO, fmt.Errorf("--since: %w", err))
	}
	earlier, err := review.Read(text)
	if err != nil {
		return nil, exit.With(exit.InvalidInput, fmt.Errorf("--since: %s: %w", file, err))
	}
	return &earlier, nil
}

func runMatrix(ctx context.Context, f *cli.Factory, opts *matrixOptions) error {
	earlier, err := readSince(ctx, opts.Since)
	if err != nil {
		return err
	}
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
	result.Made = output.Maker{Version: version.Get().Version, Command: f.Program + " " + cli.Masked(f.Line)}
	if earlier != nil {
		if cluster := strconv.FormatUint(snapshot.Cluster, 16); earlier.Cluster != "" && earlier.Cluster != cluster {
			f.Warn(fmt.Sprintf("--since: the earlier review is of cluster %s, and this one is of cluster %s", earlier.Cluster, cluster))
		}
		result.Since = &output.Since{Date: earlier.Date, Digest: earlier.Digest, Effects: review.Effects(earlier.State, snapshot.State)}
	}
	switch {
	case !opts.CheckPasswords:
	case !snapshot.Enabled:
		f.Warn("users without a password cannot be found while authentication is off")
	default:
		if result.WithoutPassword, err = cli.WithoutPassword(ctx, f, snapshot.UserNames()); err != nil {
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
