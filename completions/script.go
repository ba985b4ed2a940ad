package completions

import (
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Shells lists the shells that there is a script for.
func Shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

// WriteScript writes the script that lets shell, one of Shells, complete the
// command lines of root.
//
// The scripts are cobra's, put right where names of etcd differ from what it
// expects: bash takes the at sign for the end of a word, which bob@example.com
// is not, and several such ends in one word have to be seen together; zsh and
// fish take everything up to an equals sign behind any hyphen for an option,
// which the key "a-b=c" is not.
func WriteScript(root *cobra.Command, shell string, w io.Writer) error {
	var script strings.Builder
	var generate error
	var correct []string
	switch shell {
	case "bash":
		generate = root.GenBashCompletionV2(&script, true)
		handle := "    __" + root.Name() + `_handle_special_char "$cur" `
		correct = []string{
			"_init_completion -n =:", "_init_completion -n =:@",
			handle + ":\n", handle + `"[${COMP_WORDBREAKS//[^:=@]/}]"` + "\n",
			handle + "=\n", "",
		}
	case "zsh":
		generate = root.GenZshCompletion(&script)
		correct = []string{`=~ '-.*='`, `=~ '^-[^=]*='`}
	case "fish":
		generate = root.GenFishCompletion(&script, true)
		correct = []string{`-r -- '-.*='`, `-r -- '^-[^=]*='`}
	default:
		generate = root.GenPowerShellCompletionWithDesc(&script)
	}
	if generate != nil {
		return generate
	}
	_, err := strings.NewReplacer(correct...).WriteString(w, script.String())
	return err
}
