// Package visible writes untrusted text (names, keys, errors of servers, names in
// certificates). A reader sees all of it, and a terminal obeys none of it.
package visible

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Rune reports whether r is visible in a line of text, alone or as part of a character.
// Control characters, line separators and bidirectional controls are not visible. Spaces
// other than U+0020, characters without width, and private and unassigned characters are
// not visible either.
func Rune(r rune) bool {
	if r < utf8.RuneSelf {
		return ' ' <= r && r < 0x7f
	}
	return unicode.IsPrint(r) &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) &&
		r != brailleBlank && r != utf8.RuneError
}

// brailleBlank counts as printable in Unicode, but has no dot.
const brailleBlank = '\u2800'

// Is reports whether all of s is valid UTF-8 and visible.
func Is(s string) bool {
	for _, r := range s {
		if !Rune(r) {
			return false // also for RuneError, which replaces bytes that are not UTF-8
		}
	}
	return true
}

// Line returns s as one line that is safe on a terminal. Invisible characters become
// escapes of Go: \n, \x1b, \u202e, and \xff for a byte that is not UTF-8. A visible text
// is returned unchanged. Its backslashes are not escaped, so a program cannot decode the
// result.
func Line(s string) string {
	if Is(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case Rune(r):
			b.WriteString(s[:size])
		default:
			b.WriteString(escape(r))
		}
		s = s[size:]
	}
	return b.String()
}

func escape(r rune) string {
	switch r {
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	}
	switch {
	case r < utf8.RuneSelf:
		return fmt.Sprintf(`\x%02x`, r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}

// JSON returns the JSON text with each invisible character in its strings escaped. The
// decoded value stays the same.
func JSON(text []byte) []byte {
	if Is(string(text)) {
		return text
	}
	shown := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case Rune(r), r == '\n' || r == '\t' || r == '\r', r == utf8.RuneError && size == 1: // white space between strings
			shown = append(shown, text[:size]...)
		default:
			for _, unit := range utf16.Encode([]rune{r}) {
				shown = fmt.Appendf(shown, `\u%04x`, unit)
			}
		}
		text = text[size:]
	}
	return shown
}
