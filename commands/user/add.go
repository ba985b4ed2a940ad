package user

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

// addOptions is what "user add" was asked to do.
type addOptions struct {
	Name        string
	Password    newPassword
	NoPassword  bool
	IfNotExists bool
}

const flagNewUserPassword = "new-user-password"

func newAddCmd(f *cli.Factory, run func(context.Context, *addOptions) error) *cobra.Command {
	opts := &addOptions{}
	cmd := &cobra.Command{
		Use:   "add NAME[:PASSWORD]",
		Short: "Add a user",
		Long: `Add a user. Its password is asked for, or comes from a file, is generated, or
stands behind the name, where others can read it in the list of processes. A
user without password is known by the common name of its client certificate.`,
		Example: `  ` + f.Program + ` user add bob
  ` + f.Program + ` user add bob --new-user-password-file bob.password
  ` + f.Program + ` user add bob --generate-password --if-not-exists -w json
  ` + f.Program + ` user add kube-apiserver --no-password`,
		Args: cli.Args(1, 1, "a user name"),
		RunE: f.RunE(func(ctx context.Context, args []string) error {
			opts.complete(args[0])
			if err := opts.validate(f.Printer().Format()); err != nil {
				return err
			}
			if run != nil {
				return run(ctx, opts)
			}
			return runAdd(ctx, f, opts)
		}),
	}
	opts.Password.addFlags(cmd.Flags())
	cmd.Flags().StringVar(&opts.Password.Value, flagNewUserPassword, "", "the `password`, visible to other users of this machine")
	cmd.Flags().BoolVar(&opts.NoPassword, "no-password", false, "the user has no password: it is known by its certificate's common name")
	cmd.Flags().BoolVar(&opts.IfNotExists, "if-not-exists", false, "succeed, and change nothing, where the user exists")
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	return cmd
}

// complete splits NAME:PASSWORD at the first colon, unless an option says what
// the password is.
func (o *addOptions) complete(arg string) {
	o.Name = arg
	if o.NoPassword || o.Password.Value != "" || o.Password.File != "" || o.Password.Generate {
		return
	}
	if name, password, found := strings.Cut(arg, ":"); found {
		o.Name = name
		o.Password.Value = password
		// An empty password behind the colon is given all the same: the server
		// refuses or takes it.
		o.Password.given = true
	}
}

func (o *addOptions) validate(format output.Format) error {
	if o.Password.given && o.Name == "" {
		return exit.BadArgsf("empty user name is not allowed")
	}
	if o.NoPassword {
		// etcdctl lets --no-password win over --new-user-password.
		return o.Password.validate(format, "--no-password")
	}
	if o.Password.Value != "" {
		return o.Password.validate(format, "--"+flagNewUserPassword)
	}
	return o.Password.validate(format)
}

func runAdd(ctx context.Context, f *cli.Factory, opts *addOptions) error {
	var password, generated string
	if !opts.NoPassword {
		var err error
		if password, generated, err = opts.Password.read(ctx, f, opts.Name); err != nil {
			return err
		}
	}
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthUserAddResponse, error) {
		return c.UserAddWithOptions(ctx, opts.Name, password, &clientv3.UserAddOptions{NoPassword: opts.NoPassword})
	})
	return f.PrintChange(output.UserAdded(opts.Name, response).WithPassword(generated), err, cli.Again{
		Allowed: opts.IfNotExists,
		Errors:  []error{rpctypes.ErrUserAlreadyExist},
		Reason:  "User " + opts.Name + " exists",
	})
}
