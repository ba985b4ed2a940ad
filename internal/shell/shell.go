// Package shell writes command lines that a user may copy into a shell. bash, zsh, dash
// and fish parse each of them to the same arguments. A terminal shows each as one line
// of visible characters.
package shell

import (
	"fmt"
	"strings"

	"github.com/ectl-io/ectl/internal/visible"
)

// Quote writes word as one argument. The notations are those that all four shells
// read alike:
//
//   - A word of letters, digits and a few signs stands as it is.
//   - Single quotes hold everything but a single quote, which ends them, and a
//     backslash, which fish takes for the start of an escape. Both stand outside,
//     behind a backslash.
//   - A word that is not visible is what printf prints. Its bytes are octal
//     escapes, since the notation $'...' means something else in dash and fish.
//
// ok is false if no notation is left. No argument holds a NUL. A substitution
// drops the line breaks at the end of what a command prints. A line break in
// single quotes would do, and make two lines of one.
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

// special reports whether a shell may read r as more than itself.
func special(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune("/._-:@%+,", r)
}

// inQuotes puts what is between quotes and backslashes into single quotes. Two
// pairs of quotes never touch, and none is empty: zsh can be told to read that as
// a quote.
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

// printfFormat returns the format with which printf prints word. A percent sign
// is doubled, not escaped: dash reads the escapes first. A hyphen at the start
// would be an option.
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

// Line writes words as a command line. A word that begins with a hyphen is an
// option, or stands after --. ok is false if one of them cannot be written.
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
