package commands

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
)

func newCompletionCmd(f *cli.Factory) *cobra.Command {
	p := f.Program
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print the completion script of a shell",
		Long: `Print the script that lets a shell complete commands, options and, live from
the cluster, the names of users, roles and keys. It asks the cluster that the
line and the environment name, for a moment and never for a password. Names that
a shell would want quoted are not offered.

Bash:
  source <(` + p + ` completion bash)

Zsh (after "autoload -U compinit; compinit"):
  source <(` + p + ` completion zsh)

Fish:
  ` + p + ` completion fish | source

PowerShell:
  ` + p + ` completion powershell | Out-String | Invoke-Expression

To have it in every session, put the line into the shell's start-up file.`,
		GroupID:               cli.GroupUtility,
		DisableFlagsInUseLine: true,
		ValidArgs:             completions.Shells(),
		Args:                  cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		RunE: func(cmd *cobra.Command, args []string) error {
			return WriteCompletion(cmd.Root(), args[0], cmd.OutOrStdout())
		},
	}
}

// WriteCompletion writes the completion script of shell for the tree root.
func WriteCompletion(root *cobra.Command, shell string, w io.Writer) error {
	return completions.WriteScript(root, shell, w)
}

// completeGlobals completes the values of global flags, and what commands do
// not complete themselves.
func completeGlobals(root *cobra.Command) {
	_ = root.RegisterFlagCompletionFunc(cli.FlagFormat, func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var formats []cobra.Completion
		for _, format := range cli.Formats(cmd) {
			formats = append(formats, string(format))
		}
		return formats, cobra.ShellCompDirectiveNoFileComp
	})
	completions.Defaults(root)
}
