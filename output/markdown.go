package output

import (
	"bufio"
	"fmt"
	"strings"
)

// markdown writes the table in GitHub's dialect of Markdown.
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
	return nil // Flush returns errors of writing
}

// escapeMarkdown escapes the characters of s that would be markup or end a cell. Markdown
// allows a backslash before any ASCII punctuation. A line break becomes <br>.
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
