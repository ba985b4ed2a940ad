package output

import (
	"bufio"
	"fmt"
	"strings"
)

// markdown writes the table as GitHub's dialect of Markdown has it.
func (t TableData) markdown(w *bufio.Writer) error {
	row := func(cells []string, escape func(string) string) {
		for _, c := range cells {
			fmt.Fprintf(w, "| %s ", escape(c))
		}
		_, _ = w.WriteString("|\n")
	}
	row(t.Header, escapeMarkdown)
	row(t.Header, func(string) string { return "---" })
	for _, cells := range t.Rows {
		row(cells, escapeMarkdown)
	}
	return nil // errors of writing show at Flush
}

// escapeMarkdown keeps the characters of s from being taken for markup or for
// the end of a cell. All punctuation of ASCII may stand behind a backslash.
func escapeMarkdown(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case strings.ContainsRune("\\`*_{}[]()<>#+!|~&$", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString("<br>")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
