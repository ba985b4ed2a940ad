package completions

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// plainPunctuation is what may stand in a word that no shell reads as anything
// but itself. The colon, the equals sign and the at sign end a word for bash,
// which its script allows for.
const plainPunctuation = "/._-:@=+%,"

// plain says whether word is the same in every shell with and without quotes.
// Other names are left out: the scripts hand what is typed to the shell's own
// evaluation, and bash inserts what several candidates have in common without
// quoting it, so that a name such as "$(reboot)" would run as a command. A
// hyphen in front would make the word an option, an equals sign is zsh's
// notation for the path of a program.
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
