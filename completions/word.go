package completions

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// plainPunctuation holds the punctuation without a special meaning in any shell. The
// colon, the equals sign and the at sign end a word in bash. The script for bash
// handles them.
const plainPunctuation = "/._-:@=+%,"

// plain reports whether word means the same in every shell with and without quotes.
// Other names are not offered. The scripts evaluate the typed text in the shell, and
// bash inserts the common part of candidates without quotes. A name such as "$(reboot)"
// would run as a command. A leading hyphen would make the word an option. A leading
// equals sign is zsh's notation for the path of a program.
func plain(word string) bool {
	if word == "" || word[0] == '-' || word[0] == '=' || !utf8.ValidString(word) {
		return false
	}
	return !strings.ContainsFunc(word, func(r rune) bool {
		switch {
		case r >= utf8.RuneSelf:
			return !unicode.IsPrint(r)
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return false
		}
		return !strings.ContainsRune(plainPunctuation, r)
	})
}
