package policy

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/suggest"
)

// Assertion is a statement about what a user can do, such as "bob can write prefix
// /app/". It holds if the whole access is allowed on the whole range. With Cannot, it
// holds if no part of the access is allowed on any key of the range.
type Assertion struct {
	User   string
	Cannot bool
	Access access.Access
	Range  access.Range
	Text   string // as in the file
	At     Position
}

// assertionForm ends the errors about the form of an assertion.
const assertionForm = "write USER can|cannot read|write|readwrite KEY, or in place of KEY: prefix P, range A B, from K, all"

// ParseAssertion parses an assertion of the form
//
//	USER can|cannot read|write|readwrite [key] KEY | prefix P | range A B | from K | all
//
// Words with spaces, or with bytes that are not text, must be quoted Go strings. It
// returns an error with the expected form or a suggestion.
func ParseAssertion(text string) (Assertion, error) {
	a := Assertion{Text: text}
	words, err := splitWords(text)
	if err != nil {
		return a, err
	}
	if len(words) < 4 {
		return a, errors.New("it is no assertion; " + assertionForm)
	}
	a.User = words[0].text
	switch words[1].text {
	case "can":
	case "cannot":
		a.Cannot = true
	default:
		return a, withHint("the second word of an assertion is can or cannot", suggest.Hint(words[1].text, []string{"can", "cannot"}))
	}
	if a.Access, err = access.ParseAccess(words[2].text); err != nil {
		return a, withHint(unknownAccess, suggest.Hint(words[2].text, access.AccessNames()))
	}
	a.Range, err = parseAssertedRange(words[3:])
	if err != nil {
		return a, err
	}
	if a.User == "" {
		return a, errors.New("it names no user; " + assertionForm)
	}
	return a, nil
}

func withHint(message, hint string) error {
	if hint == "" {
		return fmt.Errorf("%s; %s", message, assertionForm)
	}
	return fmt.Errorf("%s; %s", message, hint)
}

// parseAssertedRange parses the words after the access. A single word is a key,
// unless it is the unquoted word all.
func parseAssertedRange(words []word) (access.Range, error) {
	first := words[0]
	texts := make([]string, 0, len(words))
	for _, w := range words {
		texts = append(texts, w.text)
	}
	switch {
	case len(words) == 1 && first.text == fieldAll && !first.quoted:
		return access.Everything(), nil
	case len(words) == 1:
		return keyRange(fieldKey, texts)
	case first.quoted:
	case first.text == fieldRange && len(words) == 3, first.text != fieldRange && len(words) == 2:
		for _, name := range keyFields() {
			if name == first.text {
				return keyRange(name, texts[1:])
			}
		}
		return access.Range{}, withHint("the word behind the access says no kind of range", suggest.Hint(first.text, keyFields()))
	}
	return access.Range{}, errors.New("it names no range of keys; " + assertionForm)
}

// keyRange returns the range of the keys in the field called name. It returns an
// error for a range without keys. It also returns one for an empty prefix, which
// would cover every key by accident.
func keyRange(name string, keys []string) (access.Range, error) {
	key := []byte(keys[0])
	if len(key) == 0 {
		if name == fieldKey {
			return access.Range{}, hinted{"the key is empty", "no key of etcd is"}
		}
		return access.Range{}, hinted{"the " + name + " is empty, which is every key", "write all where you mean it"}
	}
	switch name {
	case fieldPrefix:
		return access.Range{Key: key, End: access.PrefixEnd(key)}, nil
	case fieldFrom:
		return access.Range{Key: key, End: []byte(access.OpenEnd)}, nil
	case fieldRange:
		end := []byte(keys[1])
		if len(end) == 0 {
			return access.Range{}, hinted{"the end of the range is empty", "write key for a single key, or from for all keys from it on"}
		}
		if string(end) == access.OpenEnd {
			return access.Range{}, hinted{"the end of the range is the first key of all", "write from for all keys from " + named(keys[0]) + " on"}
		}
		if string(end) <= keys[0] {
			return access.Range{}, hinted{fmt.Sprintf("the range ends at %s, before it starts at %s", quoted(keys[1]), quoted(keys[0])), "its keys are those from the first up to the second, without it"}
		}
		return access.Range{Key: key, End: end}, nil
	}
	return access.Range{Key: key}, nil
}

// hinted is an error with advice.
type hinted struct{ message, hint string }

func (h hinted) Error() string { return h.message + "; " + h.hint }

// unknownAccess is the message for an unknown access. It does not contain the text of
// the file, which may be a secret.
const unknownAccess = "unknown access; it is read, write or readwrite"

// word is a word of an assertion. A quoted word is never a keyword.
type word struct {
	text   string
	quoted bool
}

// splitWords splits text at white space. A word that begins with a double quote is a
// quoted Go string.
func splitWords(text string) ([]word, error) {
	var words []word
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimSpace(rest) {
		if rest[0] == '"' {
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return nil, errors.New(`the quotes of an assertion are not closed, or a \ in them is followed by what it cannot be`)
			}
			value, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, err
			}
			words, rest = append(words, word{value, true}), rest[len(quoted):]
			continue
		}
		end := strings.IndexAny(rest, " \t\r\n")
		if end < 0 {
			end = len(rest)
		}
		words, rest = append(words, word{rest[:end], false}), rest[end:]
	}
	return words, nil
}
