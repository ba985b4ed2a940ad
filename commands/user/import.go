package user

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/userimport"
	"github.com/ectl-io/ectl/internal/access/usertable"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/limited"
	"github.com/ectl-io/ectl/internal/secret"
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
	engine := userimport.Import{
		Session: f.Session, Users: opts.Users,
		IfNotExists: opts.IfNotExists, KeepGoing: opts.KeepGoing, PasswordsOut: opts.PasswordsOut,
		ReadPassword: f.Reconciler(policy.Policy{}, opts.Children).ReadPassword,
		Flags:        userimport.Flags{IfNotExists: flagIfNotExists, PasswordsOut: flagPasswordsOut},
		Report:       userimport.Report{Report: f.Rollbacks(), Warn: f.Warn, Failed: f.SayError},
	}
	imported, err := engine.Run(ctx)
	if err != nil {
		return err
	}
	result := importResult(imported.Users)
	warnOfImported(f, result)
	if err := f.Print(result); err != nil {
		return err
	}
	return imported.Failed
}

func importResult(users []userimport.User) (result output.UsersImported) {
	for _, user := range users {
		result.Users = append(result.Users, output.UserWithRoles{WithGrants: output.WithGrants[string]{
			Name: user.Name, Created: user.Created, Granted: user.Granted, Header: user.Header,
		}})
	}
	return result
}

// warnOfImported warns of the grants, and reports if there was nothing to do.
func warnOfImported(f *cli.Factory, result output.UsersImported) {
	changed := false
	for _, user := range result.Users {
		for _, role := range user.Granted {
			f.WarnOfGrant(plan.Step{Verb: plan.GrantRole, User: user.Name, Role: role})
		}
		changed = changed || user.Created || len(user.Granted) > 0
	}
	if len(result.Users) > 0 && !changed {
		f.Say("all users exist with their roles: unchanged")
	}
}
