package auth

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access/authn"
	"github.com/ectl-io/ectl/output"
)

// enableOptions holds the flags of "auth enable".
type enableOptions struct {
	cli.NoOptions
	Check bool
}

const flagCheck = "check"

func newEnableCmd(f *cli.Factory) *cobra.Command {
	opts := &enableOptions{}
	cmd := &cobra.Command{
		Use:   "enable",
		Short: "Enable authentication",
		Long: `Enable authentication. The user root must exist. If the role root is missing, it
is added and granted to root.

With --check, authentication stays disabled if you could not administer the
cluster afterwards, and the reason is printed. Your user must be root or have
the role root, with a valid password or certificate. Passwords can be verified
only while authentication is enabled, so it is enabled for a moment. "auth
bootstrap" also adds the user root.`,
		Example: `  # Enable authentication. The user root must exist.
  ectl auth enable
  # Disable it again if root cannot log in.
  ectl auth enable --check --user root`,
		Args: cli.NoArgs,
		RunE: cli.Run(f, opts, runEnable),
	}
	cmd.Flags().BoolVar(&opts.Check, flagCheck, false, "do not enable it if you or root would be locked out")
	return cmd
}

func runEnable(ctx context.Context, f *cli.Factory, opts *enableOptions) (err error) {
	if opts.Check {
		err = authn.EnableChecked(ctx, f.Session, f.Rollbacks(), f.Warn)
	} else {
		err = f.Do(ctx, authn.Enable)
	}
	if err != nil {
		return err
	}
	if !opts.Check {
		f.Warn("the login of root was not verified: \"auth enable --check\" and \"auth bootstrap\" verify it, and disable authentication again if it fails")
	}
	return f.Print(output.AuthSwitched{Enabled: true})
}
