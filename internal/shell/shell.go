// Package shell writes command lines that a user may copy into a shell. bash, zsh, dash
// and fish parse each of them to the same arguments. A terminal shows each as one line
// of visible characters.
package shell

import (
	"fmt"
	"strings"

	"github.com/ectl-io/ectl/internal/visible"
)

// Quote returns word as one argument of a command line. It uses the notations that all
// four shells read alike:
//
//   - A word of letters, digits and a few signs is returned as it is.
//   - Single quotes hold all characters except two. A single quote ends them, and a
//     backslash starts an escape in fish. Both are written outside the quotes, after a
//     backslash.
//   - A word with invisible characters becomes the output of printf. Its bytes are octal
//     escapes, because the notation $'...' means something else in dash and fish.
//
// ok is false if no notation is left. No argument can hold a NUL byte. A command
// substitution drops the line breaks at the end of its output. Single quotes could hold
// them, but would split the command line.
func Quote(word string) (quoted string, ok bool) {
	switch {
	case strings.HasSuffix(word, "\n") || strings.Contains(word, "\x00"):
		return "", false
	case word != "" && word[0] != '-' && word[0] != '%' && !strings.ContainsFunc(word, special):
		return word, true
	case visible.Is(word):
		return inQuotes(word), true
	}
	return fmt.Sprintf(`"$(printf '%s')"`, printfFormat(word)), true
}

// special reports whether r may have a special meaning in a shell.
func special(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune("/._-:@%+,", r)
}

// inQuotes writes word in single quotes, with its single quotes and backslashes outside
// of them. Two pairs of quotes never touch, because zsh with the option RC_QUOTES would
// read a quote there. Only the empty word becomes an empty pair.
func inQuotes(word string) string {
	if word == "" {
		return "''"
	}
	var b strings.Builder
	for word != "" {
		end := strings.IndexAny(word, `'\`)
		switch end {
		case 0:
			b.WriteByte('\\')
			b.WriteByte(word[0])
			word = word[1:]
			continue
		case -1:
			end = len(word)
		}
		b.WriteString("'" + word[:end] + "'")
		word = word[end:]
	}
	return b.String()
}

// printfFormat returns the format with which printf prints word. A percent sign is
// doubled, not escaped, because dash decodes the escapes first. A hyphen at the start is
// escaped, because printf would read an option.
func printfFormat(word string) string {
	var b strings.Builder
	for i := range len(word) {
		switch c := word[i]; {
		case c == '%':
			b.WriteString("%%")
		case c == ' ', c < 0x80 && !special(rune(c)) && (c != '-' || i > 0):
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return b.String()
}

// Line returns words as a command line. A word that begins with a hyphen must be an
// option, or follow --. ok is false if Quote cannot write one of the words.
func Line(words ...string) (line string, ok bool) {
	quoted := make([]string, 0, len(words))
	for _, word := range words {
		if strings.HasPrefix(word, "-") && !strings.ContainsFunc(word, special) {
			quoted = append(quoted, word)
			continue
		}
		q, ok := Quote(word)
		if !ok {
			return "", false
		}
		quoted = append(quoted, q)
	}
	return strings.Join(quoted, " "), true
}
