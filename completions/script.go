package completions

import (
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Shells returns the shells with a completion script.
func Shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

// WriteScript writes the completion script of shell, one of Shells, for root.
//
// The scripts come from cobra, with changes for names of etcd that cobra does not
// support:
//   - bash splits words at the at sign, but bob@example.com is one word. A word may
//     contain several such separators.
//   - zsh and fish treat everything from any hyphen to an equals sign as an option, but
//     "a-b=c" is a key.
//   - bash works without the package bash-completion, which many servers lack.
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
			handle + ":\n", trimToWordBreak,
			handle + "=\n", "",
			wordsByPackage, "    if declare -F _get_comp_words_by_ref >/dev/null 2>&1; then\n    " + wordsByPackage + wordsBySpaces + "    fi\n",
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

// trimToWordBreak removes the part of the candidates that bash does not replace. This
// part ends with the last character of COMP_WORDBREAKS in the word. Bash replaces the
// rest, and an at sign together with the rest.
const trimToWordBreak = `    local breaks=${COMP_WORDBREAKS//[^:=@]/} start i
    if [[ -n ${breaks} && ${cur} == *[${breaks}]* ]]; then
        start=${cur%"${cur##*[${breaks}]}"}
        start=${start%@}
        for i in "${!COMPREPLY[@]}"; do
            COMPREPLY[i]=${COMPREPLY[i]#"${start}"}
        done
    fi
`

// wordsByPackage gets the words of the line with the package bash-completion. Bash
// splits the line at each character of COMP_WORDBREAKS.
const wordsByPackage = `    _get_comp_words_by_ref "$@" cur prev words cword
`

// wordsBySpaces gets the words of the line without this package, and ignores quotes.
const wordsBySpaces = `    else
        local line=${COMP_LINE:0:COMP_POINT}
        read -ra words <<<"${line}"
        [[ ${line} == *[[:space:]] ]] && words+=("")
        cword=$((${#words[@]} - 1))
        cur=${words[cword]}
`
