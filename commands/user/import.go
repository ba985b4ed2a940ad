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
	KeepGoing    bool // each user on its own
	Children     cli.Children
}

const (
	flagPasswordsOut = "passwords-out"
	flagIfNotExists  = "if-not-exists"
)

// passwordsMode is the mode of the file of the generated passwords.
const passwordsMode = 0o600

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

With --keep-going, each user is added with its roles or not at all, whatever
happens to the others. The failures are listed, and the exit status is that of
the first. The file of --passwords-out has no passwords of users that failed.

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
	flags.BoolVarP(&opts.KeepGoing, "keep-going", "k", false, "add all users that can be added, also after one has failed")
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
	run := &importing{f: f, opts: opts, users: opts.Users, steps: f.Changes()}
	if err := run.check(ctx); err != nil {
		return err
	}
	if err := run.readPasswords(ctx); err != nil {
		return err
	}
	if err := run.deliver(ctx); err != nil {
		return err
	}
	if opts.KeepGoing {
		if err := run.changeEach(ctx); err != nil {
			return err
		}
	} else if err := run.change(ctx); err != nil {
		return run.undone(err)
	}
	run.warnOfGrants()
	if err := f.Print(run.result); err != nil {
		return err
	}
	return run.failures.result(len(opts.Users))
}

// check compares the table with the cluster.
func (i *importing) check(ctx context.Context) error {
	users, err := cli.Call(ctx, i.f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthUserListResponse, error) {
		return c.UserList(ctx)
	})
	if err != nil {
		return err
	}
	roles, err := cli.Call(ctx, i.f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthRoleListResponse, error) {
		return c.RoleList(ctx)
	})
	if err != nil {
		return err
	}
	i.existing = set(users.Users)
	knownRoles := set(roles.Roles)
	var problems usertable.Errors
	for _, user := range i.users {
		problem := func(format string, args ...any) {
			problems = append(problems, usertable.Problem{File: user.At.File, Line: user.At.Line, Message: fmt.Sprintf(format, args...)})
		}
		if i.existing[user.Name] && !i.opts.IfNotExists {
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
	return i.refuse(problems, exit.Error)
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
	users     []policy.User // who have not failed yet
	existing  map[string]bool
	passwords map[string]string // of the users to add
	written   bool              // the file of the generated passwords
	steps     *rollback.Sequence
	result    output.UsersImported
	unknown   string // the user that may have been added although its request failed

	failures // with --keep-going
}

// readPasswords reads the passwords of the users to add. In a dry run, no command runs.
func (i *importing) readPasswords(ctx context.Context) error {
	i.passwords = map[string]string{}
	sources := i.f.Reconciler(policy.Policy{}, i.opts.Children)
	var problems usertable.Errors
	for _, user := range i.users {
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
	return i.refuse(problems, exit.InvalidInput)
}

// generated returns the users with generated passwords.
func (i *importing) generated() []policy.User {
	return slices.DeleteFunc(slices.Clone(i.users), func(user policy.User) bool {
		return user.Password.Source != policy.Generate || i.existing[user.Name]
	})
}

// passwordTable returns the table of the generated passwords of users.
func (i *importing) passwordTable(users []policy.User) ([]byte, error) {
	rows := [][]string{{"name", "password"}}
	for _, user := range users {
		rows = append(rows, []string{user.Name, i.passwords[user.Name]})
	}
	var table bytes.Buffer
	err := csv.NewWriter(&table).WriteAll(rows)
	return table.Bytes(), err
}

// deliver writes the generated passwords to their file, before the first of them is set.
func (i *importing) deliver(ctx context.Context) error {
	users := i.generated()
	switch {
	case len(users) == 0, i.f.DryRun():
		return nil
	case i.opts.PasswordsOut == "":
		return exit.BadArgsf("passwords are generated for %d users: give a file for them with --%s; nothing was changed", len(users), flagPasswordsOut)
	}
	table, err := i.passwordTable(users)
	if err != nil {
		return err
	}
	file, err := atomicfile.WriteSet(false, atomicfile.Content{Path: i.opts.PasswordsOut, Data: table, Mode: passwordsMode})
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
	added.SetTotal(int64(len(i.users)))
	for _, user := range i.users {
		imported, err := i.add(ctx, user)
		if err != nil {
			return err
		}
		i.result.Users = append(i.result.Users, imported)
		added.Add(1)
	}
	return nil
}

// add adds one user, or takes an existing one, and grants the roles.
func (i *importing) add(ctx context.Context, user policy.User) (output.UserWithRoles, error) {
	imported := output.UserWithRoles{WithGrants: output.WithGrants[string]{Name: user.Name, Created: !i.existing[user.Name]}}
	answered := func(h *pb.ResponseHeader) { imported.Header = h }
	granting := user.Roles
	if imported.Created {
		add := rollback.NewUser{Name: user.Name, Password: i.passwords[user.Name], NoPassword: user.Password.Source == policy.None}
		change := rollback.AddUser(add, answered)
		err := i.steps.Do(ctx, named("add user "+user.Name, change))
		if err != nil {
			if retry.OutcomeUnknown(err) {
				i.unknown = user.Name
			}
			return imported, err
		}
	} else {
		var err error
		if granting, err = rolesLacking(ctx, i.f, user.Name, user.Roles); err != nil {
			return imported, i.steps.Fail(ctx, err)
		}
	}
	for _, role := range granting {
		step := rollback.GrantRole(user.Name, role, answered)
		if imported.Created {
			step.Undo = nil // the deletion of the user undoes the grant
		}
		if err := i.steps.Do(ctx, named(fmt.Sprintf("grant role %s to user %s", role, user.Name), step)); err != nil {
			return imported, err
		}
	}
	imported.Granted = granting
	return imported, nil
}

// named returns a change whose error begins with what it does.
func named(what string, change rollback.Change) rollback.Change {
	do := change.Do
	change.Do = func(ctx context.Context, c *etcd.Client) error {
		if err := do(ctx, c); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	}
	return change
}

// withOutcome adds to the error of a failed change which user may have been added.
func (i *importing) withOutcome(err error) error {
	if i.unknown == "" {
		return err
	}
	return diagnose.WithOutcome(err, fmt.Sprintf("the user %s may have been added: check it with \"user get\"", i.unknown))
}

// remains reports whether a failed change has left something.
func (i *importing) remains() bool { return i.unknown != "" || i.steps.Remains() }

// undone completes the error of a failed change. The file of passwords that are not in
// effect is removed.
func (i *importing) undone(err error) error {
	err = i.withOutcome(err)
	if !i.written {
		return err
	}
	inEffect := i.generated()
	if !i.steps.Remains() {
		inEffect = slices.DeleteFunc(inEffect, func(user policy.User) bool { return user.Name != i.unknown })
		i.keepPasswords(inEffect)
	}
	if len(inEffect) == 0 {
		return err
	}
	return diagnose.WithOutcome(err, "generated passwords are in "+i.opts.PasswordsOut)
}

// keepPasswords leaves only the passwords of some users in the file, because the others are
// not in effect.
func (i *importing) keepPasswords(users []policy.User) {
	var err error
	if len(users) == 0 {
		err = os.Remove(i.opts.PasswordsOut)
	} else {
		err = i.writePasswords(users)
	}
	if err != nil {
		i.f.Warn(fmt.Sprintf("some passwords in %s are not in effect: %s", i.opts.PasswordsOut, err))
	}
}

// writePasswords replaces the file of the generated passwords.
func (i *importing) writePasswords(users []policy.User) error {
	table, err := i.passwordTable(users)
	if err != nil {
		return err
	}
	file, err := atomicfile.Write(i.opts.PasswordsOut, table, passwordsMode)
	if err != nil {
		return err
	}
	return file.Commit()
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
