package cli

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Quote writes word as an argument in a command line that the user may copy
// into a shell: as it is where no shell reads it otherwise, in single quotes,
// or, where it cannot be printed, in the notation $'...' of bash, zsh and
// POSIX.1-2024.
func Quote(word string) string {
	if word != "" && word[0] != '-' && !strings.ContainsFunc(word, special) {
		return word
	}
	if utf8.ValidString(word) && !strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	var quoted strings.Builder
	quoted.WriteString("$'")
	for i := range len(word) {
		switch b := word[i]; {
		case b == '\'', b == '\\':
			quoted.WriteByte('\\')
			quoted.WriteByte(b)
		case b < ' ' || b >= 0x7f:
			fmt.Fprintf(&quoted, `\x%02x`, b)
		default:
			quoted.WriteByte(b)
		}
	}
	quoted.WriteString("'")
	return quoted.String()
}

// special says whether some shell may read r as more than itself.
func special(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune("/._-:@%+,", r)
}

// CommandLine writes args as a command line of the program that the user may
// copy. It is empty where there can be none: no argument holds a NUL.
func (f *Factory) CommandLine(args []string) string {
	line := Quote(f.Program)
	for _, arg := range args {
		switch {
		case strings.Contains(arg, "\x00"):
			return ""
		case strings.HasPrefix(arg, "-") && !strings.ContainsFunc(arg, special):
			line += " " + arg // an option, or behind --
		default:
			line += " " + Quote(arg)
		}
	}
	return line
}
