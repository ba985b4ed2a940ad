package completions

import (
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/internal/visible"
)

// maxDescription is the maximum length of a description, in bytes.
const maxDescription = 100

// described returns a candidate with a description. The description may contain names
// from the cluster.
func described(word, description string) cobra.Completion {
	description = visible.Line(description)
	if len(description) > maxDescription {
		end := maxDescription
		for !utf8.RuneStart(description[end]) {
			end--
		}
		description = description[:end] + "..."
	}
	return cobra.CompletionWithDesc(word, description)
}

// startsWith reports whether a shell can insert the candidate word for the typed prefix.
func startsWith(word, prefix string) bool { return strings.HasPrefix(word, prefix) && plain(word) }
