package user

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

// addOptions is what "user add" was asked to do.
type addOptions struct {
	Name        string
	Password    cli.NewPassword
	NoPassword  bool
	Roles       []string
	IfNotExists bool

	rolesGiven bool // --roles was given, perhaps with nothing in it
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
		Long: `Add a user. Its password is asked for, or comes from a file, is generated, or
stands behind the name, where others can read it in the list of processes. A
user without password is known by the common name of its client certificate.

With --roles it is the user with all of these roles, or nothing: the roles have
to exist. With --if-not-exists a user who exists is granted the roles that it
lacks. None is taken from it, and its password stays what it is.`,
		Example: `  ectl user add bob
  ectl user add bob --new-user-password-file bob.password
  ectl user add bob --generate-password --if-not-exists -w json
  ectl user add kube-apiserver --no-password --roles kubernetes`,
		Args: cli.Args(1, 1, "a user name"),
		RunE: cli.Run(f, opts, runAdd),
	}
	opts.Password.AddFlags(cmd.Flags())
	cmd.Flags().StringVar(&opts.Password.Value, flagNewUserPassword, "", "the `password`, visible to other users of this machine")
	cmd.Flags().BoolVar(&opts.NoPassword, "no-password", false, "the user has no password: it is known by its certificate's common name")
	cmd.Flags().BoolVar(&opts.IfNotExists, "if-not-exists", false, "succeed where the user exists")
	cli.AddNames(cmd.Flags(), &opts.Roles, flagRoles, "grant these `roles` to the user")
	_ = cmd.RegisterFlagCompletionFunc(flagRoles, completions.Values(f, completions.Roles)) // the flag is there
	return cmd
}

// Complete implements cli.Options.
func (o *addOptions) Complete(f *cli.Factory, cmd *cobra.Command, args []string) error {
	o.split(args[0])
	o.rolesGiven = cmd.Flags().Changed(flagRoles)
	return o.validate(f.Printer().Format())
}

// split splits NAME:PASSWORD at the first colon, unless an option says what
// the password is.
func (o *addOptions) split(arg string) {
	o.Name = arg
	if o.NoPassword || o.Password.Value != "" || o.Password.File != "" || o.Password.Generate {
		return
	}
	if name, password, found := strings.Cut(arg, ":"); found {
		o.Name = name
		o.Password.Value = password
		// An empty password behind the colon is given all the same: the server
		// refuses or takes it.
		o.Password.Given = true
	}
}

func (o *addOptions) validate(format output.Format) error {
	if o.Password.Given && o.Name == "" {
		return errNoUserName()
	}
	if err := access.CheckName("user", o.Name); err != nil { // before a password is asked for
		return exit.With(exit.BadArgs, err)
	}
	if o.Password.Generate && o.Name == "" { // before it is printed
		return exit.BadArgsf("user name is empty")
	}
	if err := o.validateRoles(); err != nil {
		return err
	}
	if o.NoPassword {
		// etcdctl lets --no-password win over --new-user-password.
		return o.Password.Validate(format, "--no-password")
	}
	if o.Password.Value != "" {
		return o.Password.Validate(format, "--"+flagNewUserPassword)
	}
	return o.Password.Validate(format)
}

// validateRoles refuses --roles without any, which a script's empty variable
// gives, and leaves each role once.
func (o *addOptions) validateRoles() error {
	if !o.rolesGiven {
		return nil
	}
	if len(o.Roles) == 0 || slices.Contains(o.Roles, "") {
		return exit.BadArgsf("--%s has an empty name in it", flagRoles)
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

// newPassword returns the new user's password, and once more where it was
// generated.
func (o *addOptions) newPassword(ctx context.Context, f *cli.Factory) (string, error) {
	if o.NoPassword {
		return "", nil
	}
	return o.Password.Read(ctx, f, o.Name)
}

func (o *addOptions) add(ctx context.Context, c *etcd.Client, password string) (*clientv3.AuthUserAddResponse, error) {
	response, err := c.UserAddWithOptions(ctx, o.Name, password, &clientv3.UserAddOptions{NoPassword: o.NoPassword})
	if o.Name == "" && errors.Is(err, rpctypes.ErrUserEmpty) {
		err = diagnose.WithReason(err, "the new user needs a name")
	}
	return response, err
}

func (o *addOptions) exists() string { return "User " + o.Name + " exists" }

func runAdd(ctx context.Context, f *cli.Factory, opts *addOptions) error {
	if opts.rolesGiven {
		return runAddWithRoles(ctx, f, opts)
	}
	if opts.Password.Generate {
		return runAddGenerated(ctx, f, opts)
	}
	password, err := opts.newPassword(ctx, f)
	if err != nil {
		return err
	}
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthUserAddResponse, error) {
		return opts.add(ctx, c, password)
	})
	return f.PrintChange(output.UserAdded(opts.Name, response), err, cli.Idempotent{
		Enabled:    opts.IfNotExists,
		NoOpErrors: []error{rpctypes.ErrUserAlreadyExist},
		Message:    opts.exists(),
	})
}
