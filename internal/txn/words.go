package txn

import (
	"fmt"
	"strconv"
	"strings"
)

// Words splits a line into words at white space. A word that begins with a quote ends at
// the next quote of its kind: 'as it is', or "with Go's escapes". A quote inside a word
// is an ordinary character. A quote that is never closed is dropped, as in etcdctl.
func Words(line string) ([]string, error) {
	var words []string
	for i := 0; i < len(line); {
		length := 0
		switch line[i] {
		case '"':
			length = doubleQuoted(line[i:])
		case '\'':
			if end := strings.IndexByte(line[i+1:], '\''); end >= 0 {
				length = end + 2
			}
		case ' ', '\t', '\n', '\f', '\r':
		default:
			if length = strings.IndexAny(line[i:], whiteSpace); length < 0 {
				length = len(line) - i
			}
		}
		if length == 0 {
			i++
			continue
		}
		word, err := unquote(line[i : i+length])
		if err != nil {
			return nil, err
		}
		words = append(words, word)
		i += length
	}
	return words, nil
}

const whiteSpace = " \t\n\f\r"

// doubleQuoted returns the length of the quoted string at the beginning of s, or 0 if it
// is not closed.
func doubleQuoted(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return i + 1
		case '\\':
			i++
			if i < len(s) && s[i] == '\n' {
				return 0
			}
		}
	}
	return 0
}

func unquote(word string) (string, error) {
	switch word[0] {
	case '\'':
		return word[1 : len(word)-1], nil
	case '"':
		text, err := strconv.Unquote(word)
		if err != nil {
			return "", fmt.Errorf("%w in %s", err, word)
		}
		return text, nil
	}
	return word, nil
}
