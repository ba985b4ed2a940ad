package commands

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/colour"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/suggest"
)

func newCompletionCmd(f *cli.Factory) *cobra.Command {
	p := f.Program
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print the completion script of a shell",
		Long: `Print the completion script of a shell. It completes commands and options. It
also completes users, roles, keys, members, endpoints, leases, locks, elections
and revisions. For these it sends short queries to the cluster of the command
line and the environment. All endpoints are queried at the same time, and the
first answer counts. It never prompts for a password. Names that need quotes in
a shell are not offered.

Bash:
  source <(` + p + ` completion bash)

Zsh, after "autoload -U compinit && compinit":
  source <(` + p + ` completion zsh)

Fish:
  ` + p + ` completion fish | source

PowerShell:
  ` + p + ` completion powershell | Out-String | Invoke-Expression

To load it in every session, add the line to the start-up file of the shell.`,
		Example: `  # Complete commands, names and keys in this session of bash.
  source <(ectl completion bash)`,
		GroupID:               cli.GroupUtility,
		DisableFlagsInUseLine: true,
		ValidArgs:             completions.Shells(),
		Args:                  cobra.MatchAll(cobra.ExactArgs(1), oneOfShells),
		RunE: func(cmd *cobra.Command, args []string) error {
			return WriteCompletion(cmd.Root(), args[0], cmd.OutOrStdout())
		},
	}
}

// oneOfShells refuses other shells than those of completions.Shells.
func oneOfShells(cmd *cobra.Command, args []string) error {
	err := cobra.OnlyValidArgs(cmd, args)
	if err == nil {
		return nil
	}
	shells := completions.Shells()
	if question := suggest.Question(suggest.Words(args[0], shells, map[string][]string{"sh": {"bash"}, "pwsh": {"powershell"}})); question != "" {
		return fmt.Errorf("%w; %s", err, question)
	}
	return fmt.Errorf("%w; the shells are %s", err, strings.Join(shells, ", "))
}

// WriteCompletion writes the completion script of shell for the tree root.
func WriteCompletion(root *cobra.Command, shell string, w io.Writer) error {
	return completions.WriteScript(root, shell, w)
}

// completeGlobals completes the values of global flags, and everything that commands do
// not complete themselves.
func completeGlobals(root *cobra.Command, f *cli.Factory) {
	_ = root.RegisterFlagCompletionFunc(etcd.FlagEndpoints, completions.Values(f, completions.Endpoints)) // fails only if the flag does not exist
	_ = root.RegisterFlagCompletionFunc(cli.FlagFormat, func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var formats []cobra.Completion
		for _, format := range cli.Formats(cmd) {
			formats = append(formats, string(format))
		}
		return formats, cobra.ShellCompDirectiveNoFileComp
	})
	var modes []cobra.Completion
	for _, mode := range colour.Modes() {
		modes = append(modes, string(mode))
	}
	_ = root.RegisterFlagCompletionFunc(cli.FlagColour, cobra.FixedCompletions(modes, cobra.ShellCompDirectiveNoFileComp))
	_ = root.RegisterFlagCompletionFunc(cli.FlagErrorFormat, cobra.FixedCompletions(cli.ErrorFormats(), cobra.ShellCompDirectiveNoFileComp))
	_ = root.RegisterFlagCompletionFunc(cli.FlagContext, completions.Contexts(f.ContextNames))
	_ = root.RegisterFlagCompletionFunc(cli.FlagAs, completions.Contexts(f.ContextUsers))
	completions.Defaults(root)
}
