package rbac

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

// canIOptions holds the arguments and flags of "rbac can-i".
type canIOptions struct {
	Access access.Access
	Keys   cli.KeyRange
	As     string // empty: the user of the connection
	Live   bool
}

func newCanICmd(f *cli.Factory) *cobra.Command {
	opts := &canIOptions{}
	cmd := &cobra.Command{
		Use:   "can-i read|write|readwrite KEY [END]",
		Short: "Check whether a user may read or write keys, and why",
		Long: `Check whether you or another user may read or write keys. The keys are one key,
the keys from KEY up to END (without END), a prefix, or all keys from KEY on.
The answer is yes with the grants that allow it, or no with the first key that
is not allowed and the missing grant.

The answer is computed from the roles of the user by the rules of the server.
With --live, the server itself is queried, by a transaction without effect.
While authentication is off, every client has full access: the answer then
applies once authentication is on.

Exit status: 0 for yes, 1 for no and for errors. Errors are printed on standard
error. With --quiet, the answer is not printed.`,
		Example: `  ectl rbac can-i write /app/config
  ectl rbac can-i readwrite /app/ --prefix --as alice
  ectl rbac can-i read /app/ --prefix --live --quiet && echo yes`,
		Args:              cli.Args(2, 3, "read, write or readwrite, and a key [and an end key]"),
		RunE:              cli.Run(f, opts, runCanI),
		ValidArgsFunction: completions.Args(f, completions.AccessKinds, completions.Keys, completions.Keys),
	}
	opts.Keys.AddFlags(cmd.Flags(), "check")
	cmd.Flags().StringVar(&opts.As, flagAs, "", "check for this `user` (root may check every user)")
	cmd.Flags().BoolVar(&opts.Live, flagLive, false, "query the server itself")
	_ = cmd.RegisterFlagCompletionFunc(flagAs, completions.Value(f, completions.Users))
	return cli.FormatsOf(cmd, output.CanI{})
}

const (
	flagAs   = "as"
	flagLive = "live"
)

// Complete implements cli.Options.
func (o *canIOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) (err error) {
	if o.Access, err = cli.ParseAccess(args[0]); err != nil {
		return err
	}
	if o.Live && o.As != "" {
		return exit.BadArgsf("--%s queries the server as the user of the connection: use --user instead of --%s", flagLive, flagAs)
	}
	return o.Keys.Complete(args[1:], cli.EmptyKeyRefused)
}

func runCanI(ctx context.Context, f *cli.Factory, opts *canIOptions) error {
	answer := output.CanI{User: opts.As, Access: opts.Access, Range: opts.Keys.Range(), Live: opts.Live}
	var err error
	if opts.Live {
		answer.Decision, err = askServer(ctx, f, opts)
	} else {
		answer.User, answer.Decision, err = decide(ctx, f, opts)
	}
	if err != nil {
		return err
	}
	if !f.Quiet {
		if err := f.Print(answer); err != nil {
			return err
		}
	}
	if !answer.Allowed {
		return exit.Answer(exit.Error)
	}
	return nil
}

// decide computes the answer from the roles of the user.
func decide(ctx context.Context, f *cli.Factory, opts *canIOptions) (user string, d access.Decision, err error) {
	user = opts.As
	if user == "" {
		if user, err = inUse(ctx, f); err != nil {
			return user, d, err
		}
	}
	client, err := f.Client(ctx)
	if err != nil {
		return user, d, err
	}
	snapshot, err := reader.ReadUser(ctx, client, f.Timeout, user)
	switch {
	case errors.Is(err, rpctypes.ErrPermissionDenied):
		return user, d, diagnose.WithReason(err, "only root may check other users; without --"+flagAs+" it checks your own access")
	case err != nil:
		return user, d, err
	}
	warnWhileOff(f, snapshot)
	return user, snapshot.Effective(user).Decide(opts.Access, opts.Keys.Range()), nil
}

// warnWhileOff warns that the answer does not apply yet.
func warnWhileOff(f *cli.Factory, snapshot reader.Snapshot) {
	if !snapshot.Enabled {
		f.Warn("authentication is off, so every client has full access: the answer applies once it is on")
	}
}

// inUse returns the name of the user of the connection.
func inUse(ctx context.Context, f *cli.Factory) (string, error) {
	dialer, err := f.Dialer(ctx)
	if err != nil {
		return "", err
	}
	self, err := dialer.Self()
	switch {
	case err != nil:
		return "", err
	case self.User != "":
		return self.User, nil
	case self.By == etcd.ByToken:
		return "", exit.BadArgsf("the token does not contain a user name: name the user with --%s, or query the server with --%s", flagAs, flagLive)
	case self.By == etcd.ByCertificate:
		return "", exit.BadArgsf("the certificate has no common name, so it identifies no user: name one with --%s or --user", flagAs)
	}
	return "", exit.BadArgsf("no user given: give --%s for another user, or log in with --user, --auth-jwt-token or a client certificate", flagAs)
}

// askServer queries the server for the access of the connection's user. The server checks
// the permissions for both branches of a transaction before it runs one. Without
// conditions, the operation in the failure branch never runs.
func askServer(ctx context.Context, f *cli.Factory, opts *canIOptions) (access.Decision, error) {
	d := access.Decision{Allowed: true}
	for _, kind := range opts.Access.Kinds() {
		op := clientv3.OpGet(opts.Keys.Key, clientv3.WithRange(opts.Keys.End), clientv3.WithCountOnly())
		if kind == access.Write {
			op = clientv3.OpDelete(opts.Keys.Key, clientv3.WithRange(opts.Keys.End))
		}
		err := f.Do(ctx, func(ctx context.Context, c *etcd.Client) error {
			_, err := c.Txn(ctx).Else(op).Commit()
			return err
		})
		switch {
		case errors.Is(err, rpctypes.ErrPermissionDenied):
			d.Allowed = false
			d.MissingAccess |= kind
		case err != nil:
			return d, err
		}
	}
	return d, nil
}
