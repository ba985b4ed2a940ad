package user

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/rollback"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/retry"
	"github.com/ectl-io/ectl/output"
)

// addOptions holds the arguments and flags of "user add".
type addOptions struct {
	Name        string
	Password    cli.NewPassword
	NoPassword  bool
	Roles       []string
	IfNotExists bool

	rolesGiven bool // --roles was given, possibly empty
}

const (
	flagNewUserPassword = "new-user-password"
	flagRoles           = "roles"
)

func newAddCmd(f *cli.Factory) *cobra.Command {
	opts := &addOptions{Password: cli.NewPassword{AllowEmpty: true}}
	cmd := &cobra.Command{
		Use:   "add NAME[:PASSWORD]",
		Short: "Add a user",
		Long: `Add a user. The password is prompted for, read from a file, generated, or given
after the name. After the name, other users of this machine can read it in the
list of processes. A user without a password is identified by the common name of
its client certificate.

With --roles, the user is added with all of these roles, or not at all. The
roles must exist. With --if-not-exists, an existing user is granted the roles
that it lacks. Its other roles and its password stay unchanged.`,
		Example: `  # Prompt for the password.
  ectl user add bob
  # Read the password from a file.
  ectl user add bob --new-user-password-file bob.password
  # Generate the password, and print it once.
  ectl user add bob --generate-password --if-not-exists -w json
  # Generate it into a new file that only you can read.
  ectl user add bob --generate-password --new-user-password-out bob.password
  # Add a user who has a client certificate.
  ectl user add kube-apiserver --no-password --roles kubernetes`,
		Args: cli.Args(1, 1, "a user name"),
		RunE: cli.Run(f, opts, runAdd),
	}
	opts.Password.AddFlags(cmd.Flags())
	opts.Password.AddOutFlag(cmd.Flags())
	cmd.Flags().StringVar(&opts.Password.Value, flagNewUserPassword, "", "the new `password`; other users of this machine can see it")
	cmd.Flags().BoolVar(&opts.NoPassword, "no-password", false, "add a user without a password, identified by the common name of its certificate")
	cmd.Flags().BoolVar(&opts.IfNotExists, "if-not-exists", false, "succeed if the user already exists")
	cli.AddNames(cmd.Flags(), &opts.Roles, flagRoles, "grant these `roles` to the user")
	_ = cmd.RegisterFlagCompletionFunc(flagRoles, completions.Values(f, completions.Roles)) // fails only if the flag does not exist
	return cmd
}

// Complete implements cli.Options.
func (o *addOptions) Complete(f *cli.Factory, cmd *cobra.Command, args []string) error {
	o.split(args[0])
	o.Password.WarnOfLoginPassword(f)
	o.rolesGiven = cmd.Flags().Changed(flagRoles)
	return o.validate(f.Printer().Format())
}

// split splits NAME:PASSWORD at the first colon, unless an option gives the
// password.
func (o *addOptions) split(arg string) {
	o.Name = arg
	if o.NoPassword || o.Password.Value != "" || o.Password.File != "" || o.Password.Generate {
		return
	}
	if name, password, found := strings.Cut(arg, ":"); found {
		o.Name = name
		o.Password.Value = password
		// An empty password after the colon counts as given. The server decides
		// whether to accept it.
		o.Password.Given = true
	}
}

func (o *addOptions) validate(format output.Format) error {
	if o.Password.Given && o.Name == "" {
		return errNoUserName()
	}
	if err := access.CheckName("user", o.Name); err != nil { // before the prompt for a password
		return exit.With(exit.BadArgs, err)
	}
	if o.Password.Generate && o.Name == "" { // before the password is printed
		return errNoUserName()
	}
	if err := o.validateRoles(); err != nil {
		return err
	}
	if o.NoPassword {
		// As in etcdctl, --no-password takes precedence over --new-user-password.
		return o.Password.Validate(format, "--no-password")
	}
	if o.Password.Value != "" {
		return o.Password.Validate(format, "--"+flagNewUserPassword)
	}
	return o.Password.Validate(format)
}

// validateRoles refuses an empty --roles, which may come from an empty variable of a
// script. It also removes duplicates.
func (o *addOptions) validateRoles() error {
	if !o.rolesGiven {
		return nil
	}
	if len(o.Roles) == 0 || slices.Contains(o.Roles, "") {
		return exit.BadArgsf("--%s contains an empty name: give the names of roles", flagRoles)
	}
	var once []string
	for _, role := range o.Roles {
		if !slices.Contains(once, role) {
			once = append(once, role)
		}
	}
	o.Roles = once
	return nil
}

// newPassword returns the password of the new user. It is empty for a user without a
// password.
func (o *addOptions) newPassword(ctx context.Context, f *cli.Factory) (string, error) {
	if o.NoPassword {
		return "", nil
	}
	return o.Password.Read(ctx, f, o.Name)
}

// user returns the user to add.
func (o *addOptions) user(password string) rollback.NewUser {
	return rollback.NewUser{Name: o.Name, Password: password, Generated: o.Password.Generate, NoPassword: o.NoPassword}
}

// add returns the request.
func (o *addOptions) add(password string) func(context.Context, *etcd.Client) (*clientv3.AuthUserAddResponse, error) {
	return func(ctx context.Context, c *etcd.Client) (*clientv3.AuthUserAddResponse, error) {
		return c.UserAddWithOptions(ctx, o.Name, password, &clientv3.UserAddOptions{NoPassword: o.NoPassword})
	}
}

func (o *addOptions) exists() string { return "User " + o.Name + " exists" }

func runAdd(ctx context.Context, f *cli.Factory, opts *addOptions) error {
	if opts.rolesGiven {
		return runAddWithRoles(ctx, f, opts)
	}
	if opts.Password.Generate {
		return runAddGenerated(ctx, f, opts)
	}
	there, err := opts.isThereBeforeQuestion(ctx, f)
	switch {
	case err != nil:
		return err
	case there:
		return f.PrintChange(output.UserAdded(opts.Name, nil), rpctypes.ErrUserAlreadyExist, opts.idempotent())
	}
	password, err := opts.newPassword(ctx, f)
	if err != nil {
		return err
	}
	response, err := cli.Call(ctx, f, opts.add(password))
	return f.PrintChange(output.UserAdded(opts.Name, response), err, opts.idempotent())
}

// idempotent describes --if-not-exists.
func (o *addOptions) idempotent() cli.Idempotent {
	return cli.Idempotent{Enabled: o.IfNotExists, NoOpErrors: []error{rpctypes.ErrUserAlreadyExist}, Message: o.exists()}
}

// isThereBeforeQuestion reports whether the user exists, before its password is typed
// twice in vain. It sends no request if no question is asked. It returns false if you may
// not know.
func (o *addOptions) isThereBeforeQuestion(ctx context.Context, f *cli.Factory) (bool, error) {
	switch {
	case o.NoPassword || !o.Password.AsksFirst(f):
		return false, nil
	case o.Name == "":
		return false, etcd.EmptyName()
	}
	there, err := o.isThere(ctx, f)
	if retry.Is(err, retry.Denied) {
		return false, nil
	}
	return there, err
}
