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
// which the key "a-b=c" is not. And bash does without the package
// bash-completion, which many servers lack.
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

// trimToWordBreak takes from the candidates what bash leaves alone: all up to
// the last of COMP_WORDBREAKS in the word. Bash replaces what follows it, but
// an at sign together with what follows.
const trimToWordBreak = `    local breaks=${COMP_WORDBREAKS//[^:=@]/} start i
    if [[ -n ${breaks} && ${cur} == *[${breaks}]* ]]; then
        start=${cur%"${cur##*[${breaks}]}"}
        start=${start%@}
        for i in "${!COMPREPLY[@]}"; do
            COMPREPLY[i]=${COMPREPLY[i]#"${start}"}
        done
    fi
`

// How the script for bash gets at the words of the line, which bash itself
// takes apart at each of COMP_WORDBREAKS: by the package bash-completion ...
const wordsByPackage = `    _get_comp_words_by_ref "$@" cur prev words cword
`

// ... or without it, and then without regard to quotes.
const wordsBySpaces = `    else
        local line=${COMP_LINE:0:COMP_POINT}
        read -ra words <<<"${line}"
        [[ ${line} == *[[:space:]] ]] && words+=("")
        cword=$((${#words[@]} - 1))
        cur=${words[cword]}
`
