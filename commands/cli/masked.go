package cli

import (
	"slices"
	"strings"

	"github.com/ectl-io/ectl/internal/shell"
	"github.com/ectl-io/ectl/internal/visible"
)

// mask replaces a secret in a command line that is shown.
const mask = "***"

// secretOptions returns the options whose value, or the part of it after a colon, is a
// secret.
func secretOptions() []string {
	return []string{
		"--password", "--auth-jwt-token", "--dest-password", "--new-user-password", "--password-command",
		"--user", "--dest-user",
	}
}

// Masked returns a command line as a message may show it: quoted as for a shell, and
// without its secrets. The words may name an unknown command or contain mistakes.
func Masked(words []string) string {
	shown := make([]string, 0, len(words))
	for i, word := range words {
		shown = append(shown, maskedWord(words[:i], word))
	}
	if line, ok := shell.Line(shown...); ok {
		return line
	}
	return visible.Line(strings.Join(shown, " "))
}

// HasSecret reports whether Masked would mask a part of a command line.
func HasSecret(words []string) bool {
	for i, word := range words {
		if maskedWord(words[:i], word) != word {
			return true
		}
	}
	return false
}

// maskedWord masks the word that follows before.
func maskedWord(before []string, word string) string {
	if len(before) > 0 && slices.Contains(secretOptions(), before[len(before)-1]) {
		return maskedValue(before[len(before)-1], word)
	}
	if name, value, found := strings.Cut(word, "="); found && slices.Contains(secretOptions(), name) {
		return name + "=" + maskedValue(name, value)
	}
	// "user add NAME:PASSWORD" is the only argument with a secret. Its command may be
	// abbreviated or misspelt.
	if slices.ContainsFunc(before, func(w string) bool { return strings.HasPrefix(w, "u") }) && !strings.HasPrefix(word, "-") {
		return afterColon(word)
	}
	return word
}

func maskedValue(option, value string) string {
	if strings.HasSuffix(option, "user") {
		return afterColon(value)
	}
	return mask
}

// afterColon masks the part of a name after its first colon.
func afterColon(text string) string {
	if name, _, found := strings.Cut(text, ":"); found {
		return name + ":" + mask
	}
	return text
}
