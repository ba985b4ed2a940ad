package user

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/rollback"
	"github.com/ectl-io/ectl/internal/access/usertable"
	"github.com/ectl-io/ectl/internal/atomicfile"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/limited"
	"github.com/ectl-io/ectl/internal/progress"
	"github.com/ectl-io/ectl/internal/retry"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/internal/suggest"
	"github.com/ectl-io/ectl/output"
)

// importOptions holds the arguments and flags of "user import".
type importOptions struct {
	Users        []policy.User
	PasswordsOut string // file for generated passwords
	IfNotExists  bool
	Children     cli.Children
}

const (
	flagPasswordsOut = "passwords-out"
	flagIfNotExists  = "if-not-exists"
)

// maxTable is the maximum size of a table, in bytes.
const maxTable = 16 << 20

func newImportCmd(f *cli.Factory) *cobra.Command {
	opts := &importOptions{}
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Add the users of a table",
		Long: `Add the users of a table and grant their roles. Either all of this is done, or
nothing. The roles must exist. With "-" as FILE, the table is standard input.

The table is CSV or NDJSON. The first line of CSV names the columns:

  name      name of the user
  roles     names of its roles, separated by commas (in double quotes)
  password  source of its password

In NDJSON, each line is an object with these members; roles is a list.

The sources of a password are:

  none              no password: a certificate identifies the user
  generate          a random password; this is the default
  env:VARIABLE      an environment variable
  file:PATH         the first line of a file, relative to the table
  command:LINE      the first line that a command prints; it runs with /bin/sh

Generated passwords are written to the new file of --passwords-out before the
first change, as CSV. Only its owner can read it.

With --if-not-exists, an existing user is granted the roles that it lacks. Its
other roles and its password stay unchanged. So the command can be run again.

An invalid table has the exit status 3, and nothing is sent to change the
cluster.`,
		Example: `  # Add the users of a table, with generated passwords.
  ectl user import users.csv --passwords-out passwords.csv
  # Print what another run would do.
  ectl user import users.ndjson --if-not-exists --dry-run`,
		Args:              cli.Args(1, 1, "one table"),
		RunE:              cli.Run(f, opts, runImport),
		ValidArgsFunction: completions.File,
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.PasswordsOut, flagPasswordsOut, "", "write the generated passwords to this new `file`")
	flags.BoolVar(&opts.IfNotExists, flagIfNotExists, false, "grant the missing roles to users that exist, instead of an error")
	opts.Children.AddFlags(flags, "the commands of password sources")
	return cmd
}

// Complete implements cli.Options. It reads the table.
func (o *importOptions) Complete(f *cli.Factory, cmd *cobra.Command, args []string) error {
	name := args[0]
	text, err := iostreams.Await(cmd.Context(), func() ([]byte, error) {
		if name == secret.Stdin {
			return limited.ReadAll(f.Stdin(), "standard input", maxTable)
		}
		return limited.ReadFile(name, maxTable)
	})
	if err != nil {
		return exit.With(exit.IO, fmt.Errorf("read the table: %w", err))
	}
	if name == secret.Stdin {
		name = "standard input"
	}
	o.Users, err = usertable.Parse(name, text)
	return exit.With(exit.InvalidInput, err)
}

func runImport(ctx context.Context, f *cli.Factory, opts *importOptions) error {
	existing, err := opts.check(ctx, f)
	if err != nil {
		return err
	}
	run := &importing{f: f, opts: opts, existing: existing, steps: f.Changes()}
	if err := run.readPasswords(ctx); err != nil {
		return err
	}
	if err := run.deliver(ctx); err != nil {
		return err
	}
	if err := run.change(ctx); err != nil {
		return run.failed(err)
	}
	run.warnOfGrants()
	return f.Print(run.result)
}

// check compares the table with the cluster. It returns the users of the table that exist.
func (o *importOptions) check(ctx context.Context, f *cli.Factory) (map[string]bool, error) {
	users, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthUserListResponse, error) {
		return c.UserList(ctx)
	})
	if err != nil {
		return nil, err
	}
	roles, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthRoleListResponse, error) {
		return c.RoleList(ctx)
	})
	if err != nil {
		return nil, err
	}
	known := set(users.Users)
	knownRoles := set(roles.Roles)
	var problems usertable.Errors
	for _, user := range o.Users {
		problem := func(format string, args ...any) {
			problems = append(problems, usertable.Problem{File: user.At.File, Line: user.At.Line, Message: fmt.Sprintf(format, args...)})
		}
		if known[user.Name] && !o.IfNotExists {
			problem("the user %s exists: --%s keeps it", user.Name, flagIfNotExists)
		}
		for _, role := range user.Roles {
			if knownRoles[role] {
				continue
			}
			if hint := suggest.Hint(role, roles.Roles); hint != "" {
				problem("there is no role %s: %s", role, hint)
				continue
			}
			problem("there is no role %s: \"role add\" adds it", role)
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return known, nil
}

func set(names []string) map[string]bool {
	all := make(map[string]bool, len(names))
	for _, name := range names {
		all[name] = true
	}
	return all
}

// importing is one run of "user import".
type importing struct {
	f         *cli.Factory
	opts      *importOptions
	existing  map[string]bool
	passwords map[string]string // of the users to add
	written   bool              // the file of the generated passwords
	steps     *rollback.Sequence
	result    output.UsersImported
	unknown   string // the user that may have been added although its request failed
}

// readPasswords reads the passwords of the users to add. In a dry run, no command runs.
func (i *importing) readPasswords(ctx context.Context) error {
	i.passwords = map[string]string{}
	sources := i.f.Reconciler(policy.Policy{}, i.opts.Children)
	var problems usertable.Errors
	for _, user := range i.opts.Users {
		if i.existing[user.Name] || user.Password.Source == policy.None || i.f.DryRun() && user.Password.Source == policy.Command {
			continue
		}
		password, err := sources.ReadPassword(ctx, user.Password)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			problems = append(problems, usertable.Problem{File: user.At.File, Line: user.At.Line, Message: fmt.Sprintf("the password of %s: %v", user.Name, err)})
			continue
		}
		i.passwords[user.Name] = password
	}
	if len(problems) > 0 {
		return exit.With(exit.InvalidInput, problems)
	}
	return nil
}

// deliver writes the generated passwords to their file, before the first of them is set.
func (i *importing) deliver(ctx context.Context) error {
	var table bytes.Buffer
	w := csv.NewWriter(&table)
	rows := [][]string{{"name", "password"}}
	for _, user := range i.opts.Users {
		if user.Password.Source == policy.Generate && !i.existing[user.Name] {
			rows = append(rows, []string{user.Name, i.passwords[user.Name]})
		}
	}
	switch {
	case len(rows) == 1, i.f.DryRun():
		return nil
	case i.opts.PasswordsOut == "":
		return exit.BadArgsf("passwords are generated for %d users: give a file for them with --%s; nothing was changed", len(rows)-1, flagPasswordsOut)
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	file, err := atomicfile.WriteSet(false, atomicfile.Content{Path: i.opts.PasswordsOut, Data: table.Bytes(), Mode: 0o600})
	if err == nil {
		defer file.Abort()
		err = file.Commit(ctx)
	}
	i.written = err == nil
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrExist):
		return exit.With(exit.IO, fmt.Errorf("--%s: %s exists, so nothing was changed: choose another name", flagPasswordsOut, i.opts.PasswordsOut))
	}
	return exit.With(exit.IO, fmt.Errorf("--%s: %w: the generated passwords would be lost, so nothing was changed", flagPasswordsOut, err))
}

// change adds the users and grants their roles, all or nothing.
func (i *importing) change(ctx context.Context) error {
	ctx, added := progress.Count(ctx, "Adding users")
	defer added.End()
	added.SetTotal(int64(len(i.opts.Users)))
	for _, user := range i.opts.Users {
		imported := output.UserWithRoles{WithGrants: output.WithGrants[string]{Name: user.Name, Created: !i.existing[user.Name]}}
		granting := user.Roles
		if imported.Created {
			add := &addOptions{Name: user.Name, NoPassword: user.Password.Source == policy.None}
			err := i.steps.Do(ctx, addUser(add, i.passwords[user.Name], func(h *pb.ResponseHeader) { imported.Header = h }))
			if err != nil {
				if retry.OutcomeUnknown(err) {
					i.unknown = user.Name
				}
				return fmt.Errorf("add user %s: %w", user.Name, err)
			}
		} else {
			var err error
			if granting, err = rolesLacking(ctx, i.f, user.Name, user.Roles); err != nil {
				return i.steps.Fail(ctx, err)
			}
		}
		for _, role := range granting {
			step := grantStep(user.Name, role, &imported)
			if imported.Created {
				step.Undo = nil // the deletion of the user undoes the grant
			}
			if err := i.steps.Do(ctx, step); err != nil {
				return fmt.Errorf("grant role %s to user %s: %w", role, user.Name, err)
			}
		}
		imported.Granted = granting
		i.result.Users = append(i.result.Users, imported)
		added.Add(1)
	}
	return nil
}

// failed completes the error of a failed change. The file of passwords that are not in
// effect is removed.
func (i *importing) failed(err error) error {
	if i.unknown != "" {
		err = diagnose.WithOutcome(err, fmt.Sprintf("the user %s may have been added: check it with \"user get\"", i.unknown))
	}
	remains := i.unknown != "" || i.steps.Remains()
	switch {
	case !i.written:
	case remains:
		return diagnose.WithOutcome(err, "generated passwords are in "+i.opts.PasswordsOut)
	default:
		if removed := os.Remove(i.opts.PasswordsOut); removed != nil {
			i.f.Warn(fmt.Sprintf("the passwords in %s are not in effect: %s", i.opts.PasswordsOut, removed))
		}
	}
	return err
}

func (i *importing) warnOfGrants() {
	for _, user := range i.result.Users {
		for _, role := range user.Granted {
			i.f.WarnOfGrant(plan.Step{Verb: plan.GrantRole, User: user.Name, Role: role})
		}
	}
	unchanged := slices.DeleteFunc(slices.Clone(i.result.Users), func(u output.UserWithRoles) bool { return u.Created || len(u.Granted) > 0 })
	if len(unchanged) > 0 && len(unchanged) == len(i.result.Users) {
		i.f.Say("all users exist with their roles: unchanged")
	}
}
