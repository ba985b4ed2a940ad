package rbac

import (
	"context"
	"errors"
	"fmt"
	"strings"

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
	"github.com/ectl-io/ectl/internal/suggest"
	"github.com/ectl-io/ectl/output"
)

// canIOptions holds the arguments and flags of "rbac can-i".
type canIOptions struct {
	Action access.Action // empty: Access on Keys
	Access access.Access
	Keys   cli.KeyRange
	As     string // empty: the user of the connection
	Live   bool
}

func newCanICmd(f *cli.Factory) *cobra.Command {
	opts := &canIOptions{}
	cmd := &cobra.Command{
		Use:   "can-i read|write|readwrite KEY [END] | can-i ACTION",
		Short: "Check whether a user may read or write keys, and why",
		Long: `Check whether you or another user may read or write keys. The keys are one key,
the keys from KEY up to END (without END), a prefix, or all keys from KEY on.
The answer is yes with the grants that allow it, or no with the first key that
is not allowed and the missing grant.

The answer is computed from the roles of the user by the rules of the server.
With --live, the server itself is queried, by a transaction without effect.
While authentication is off, every client has full access: the answer then
applies once authentication is on.

ACTION is something that only users with the role root may do:

` + actionLines() + `
etcd 3.4 also lets other users compact and move-leader.

Exit status: 0 for yes, 1 for no and for errors. Errors are printed on standard
error. With --quiet, the answer is not printed.`,
		Example: `  # Ask for yourself.
  ectl rbac can-i write /app/config
  # Ask for another user. Only root may do so.
  ectl rbac can-i readwrite /app/ --prefix --as alice
  # Let the server decide, in a script.
  ectl rbac can-i read /app/ --prefix --live --quiet && echo yes
  # Ask for a request that needs root.
  ectl rbac can-i snapshot --as backup`,
		Args:              cli.Args(1, 3, "read, write or readwrite, and a key [and an end key], or an action"),
		RunE:              cli.Run(f, opts, runCanI),
		ValidArgsFunction: completions.Args(f, completions.AccessKindsAndActions, completions.Keys, completions.Keys),
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
	var isAction bool
	if o.Action, isAction = access.ParseAction(args[0]); isAction {
		return o.completeAction(args)
	}
	if o.Access, err = access.ParseAccess(args[0]); err != nil {
		hint := cli.AccessHint(args[0])
		if action := suggest.Hint(args[0], actionNames()); action != "" {
			hint = "; " + action
		}
		return exit.BadArgsf("%w, or an action: %s%s", err, strings.Join(actionNames(), ", "), hint)
	}
	if len(args) == 1 {
		return exit.BadArgsf("no key given: want a key after %s", o.Access)
	}
	if o.Live && o.As != "" {
		return exit.BadArgsf("--%s queries the server as the user of the connection: use --user instead of --%s", flagLive, flagAs)
	}
	return o.Keys.Complete(args[1:], cli.EmptyKeyRefused)
}

// completeAction checks the arguments of a question about an action.
func (o *canIOptions) completeAction(args []string) error {
	switch {
	case len(args) > 1 || o.Keys.Prefix || o.Keys.FromKey:
		return exit.BadArgsf("%s is an action, which has no keys: give it alone", o.Action)
	case o.Live:
		return exit.BadArgsf("--%s answers for keys only: the server has no request that tries an action without effect", flagLive)
	}
	return nil
}

// actionNames returns the names of the actions.
func actionNames() []string {
	var names []string
	for _, action := range access.Actions() {
		names = append(names, string(action))
	}
	return names
}

// actionLines describes the actions, one a line.
func actionLines() string {
	var lines strings.Builder
	for _, action := range access.Actions() {
		fmt.Fprintf(&lines, "  %-12s %s\n", string(action), action.Describe())
	}
	return lines.String()
}

func runCanI(ctx context.Context, f *cli.Factory, opts *canIOptions) error {
	if opts.Live {
		decision, err := askServer(ctx, f, opts)
		if err != nil {
			return err
		}
		return printAnswer(f, output.CanI{Access: opts.Access, Range: opts.Keys.Range(), Live: true, Decision: decision}, decision.Allowed)
	}
	user, may, err := effective(ctx, f, opts)
	if err != nil {
		return err
	}
	if opts.Action != "" {
		allowed := may.May(opts.Action)
		return printAnswer(f, output.CanIDo{User: user, Action: opts.Action, Allowed: allowed}, allowed)
	}
	decision := may.Decide(opts.Access, opts.Keys.Range())
	answer := printAnswer(f, output.CanI{User: user, Access: opts.Access, Range: opts.Keys.Range(), Decision: decision}, decision.Allowed)
	if prefix, missing := may.SeparatorMissing(opts.Access, opts.Keys.Range()); missing && !f.Quiet && exit.IsAnswer(answer) {
		if err := f.Printer().Flush(); err != nil { // the answer comes before the note
			return exit.With(exit.IO, err)
		}
		name := "separator"
		if prefix[len(prefix)-1] == '/' {
			name = "slash"
		}
		f.Say(fmt.Sprintf("%s is allowed on %s: add the %s", opts.Access, access.PrefixRange(prefix), name))
	}
	return answer
}

// printAnswer prints an answer. The exit status is the answer, too.
func printAnswer(f *cli.Factory, answer output.Result, allowed bool) error {
	if !f.Quiet {
		if err := f.Print(answer); err != nil {
			return err
		}
	}
	if !allowed {
		return exit.Answer(exit.Error)
	}
	return nil
}

// effective returns what the user may do, by its roles.
func effective(ctx context.Context, f *cli.Factory, opts *canIOptions) (user string, may access.Effective, err error) {
	user = opts.As
	if user == "" {
		if user, err = inUse(ctx, f); err != nil {
			return user, may, err
		}
	}
	client, err := f.Client(ctx)
	if err != nil {
		return user, may, err
	}
	snapshot, err := reader.ReadUser(ctx, client, f.Timeout, user)
	switch {
	case errors.Is(err, rpctypes.ErrPermissionDenied):
		return user, may, diagnose.WithReason(err, "only root may check other users; without --"+flagAs+" it checks your own access")
	case err != nil:
		return user, may, err
	}
	warnWhileOff(f, snapshot)
	return user, snapshot.Effective(user), nil
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
