package auth

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access/authn"
	"github.com/ectl-io/ectl/output"
)

// enableOptions is what "auth enable" was asked to do.
type enableOptions struct {
	cli.NoOptions
	Check bool
}

const flagCheck = "check"

func newEnableCmd(f *cli.Factory) *cobra.Command {
	opts := &enableOptions{}
	cmd := &cobra.Command{
		Use:   "enable",
		Short: "Turn authentication on",
		Long: `Turn authentication on. The user root must exist; the role root is created and
granted to it where that is missing.

With --check authentication stays off, and it is said why, where the identity in
use could not administer afterwards: it must be root, or a user with the role
root, with the right password or a certificate that the server takes. Passwords
cannot be tried before, so that authentication is on for a moment. To have the
user root made as well there is auth bootstrap.`,
		Example: `  ectl auth enable
  ectl auth enable --check --user root`,
		Args: cli.NoArgs,
		RunE: cli.Run(f, opts, runEnable),
	}
	cmd.Flags().BoolVar(&opts.Check, flagCheck, false, "leave it off where root could not log in, or you could not administer, afterwards")
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
	return f.Print(output.AuthSwitched{Enabled: true})
}
