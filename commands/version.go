package commands

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/version"
	"github.com/ectl-io/ectl/output"
)

const etcdctlVersion = version.Etcdctl

func newVersionCmd(f *cli.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program",
		Example: `  # Print the version, the commit and the version of Go.
  ectl version`,
		GroupID: cli.GroupUtility,
		RunE:    func(cmd *cobra.Command, _ []string) error { return printVersion(f, cmd) },
	}
}

func printVersion(f *cli.Factory, cmd *cobra.Command) error {
	result := output.Version{Info: version.Get()}
	err := f.Prepare()
	if f.AsEtcdctl() {
		// etcdctl prints its version even if the options are invalid.
		if err != nil {
			_, err = io.WriteString(cmd.OutOrStdout(), output.EtcdctlVersion{Version: result}.String())
			return err
		}
		return f.Print(output.EtcdctlVersion{Version: result})
	}
	if err != nil {
		return err
	}
	return f.Print(result)
}

// addVersionFlag adds --version to root, which does what the command version does.
// Without it, root prints its help.
func addVersionFlag(root *cobra.Command, f *cli.Factory) {
	asked := root.Flags().Bool("version", false, "print the version of the program")
	root.RunE = func(cmd *cobra.Command, _ []string) error {
		if *asked {
			return printVersion(f, cmd)
		}
		return cmd.Help()
	}
}
