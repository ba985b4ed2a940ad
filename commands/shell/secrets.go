package shell

import (
	"slices"
	"strings"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/script"
)

// holdsSecret reports whether a text may contain a secret, so that it must not be kept. It
// also looks at the words of a text that is no valid command.
func holdsSecret(text string) bool {
	words := strings.Fields(strings.TrimPrefix(text, `\`))
	if slices.ContainsFunc(words, isSecretVariable) || cli.HasSecret(words) {
		return true
	}
	lines, err := script.ParseTyped(text, nil)
	return err == nil && slices.ContainsFunc(lines, func(line script.Line) bool { return cli.HasSecret(line.Words) })
}

// isSecretVariable reports whether a word sets a variable for a secret, as for a command of
// the system's shell.
func isSecretVariable(word string) bool {
	name, _, found := strings.Cut(word, "=")
	name = strings.ToUpper(name)
	return found && !strings.HasPrefix(name, "-") && (strings.Contains(name, "PASSWORD") || strings.Contains(name, "TOKEN") || strings.Contains(name, "SECRET"))
}
