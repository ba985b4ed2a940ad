package policy

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ectl-io/ectl/internal/access"
)

// Assertion is a sentence about what a user can do, such as "bob can write
// prefix /app/". It is true where all of the access is allowed on all of the
// range; with Cannot, where none of it is on any key of the range.
type Assertion struct {
	User   string
	Cannot bool
	Access access.Access
	Range  access.Range
	Text   string // as it was written
	At     Position
}

// assertionForm is what every error about an assertion ends with.
const assertionForm = "write USER can|cannot read|write|readwrite KEY, or in place of KEY: prefix P, range A B, from K, all"

// ParseAssertion reads
//
//	USER can|cannot read|write|readwrite [key] KEY | prefix P | range A B | from K | all
//
// Words with spaces or bytes that are not text stand in double quotes, as Go
// writes them.
func ParseAssertion(text string) (Assertion, error) {
	a := Assertion{Text: text}
	words, err := splitWords(text)
	if err != nil {
		return a, err
	}
	if len(words) < 4 {
		return a, fmt.Errorf("%q is no assertion; %s", text, assertionForm)
	}
	a.User = words[0].text
	switch words[1].text {
	case "can":
	case "cannot":
		a.Cannot = true
	default:
		return a, withHint(fmt.Sprintf("%q stands where can or cannot should", words[1].text), Suggest(words[1].text, []string{"can", "cannot"}))
	}
	if a.Access, err = access.ParseAccess(words[2].text); err != nil {
		return a, withHint(err.Error(), Suggest(words[2].text, access.AccessNames()))
	}
	a.Range, err = parseAssertedRange(words[3:])
	if err != nil {
		return a, err
	}
	if a.User == "" {
		return a, fmt.Errorf("%q names no user; %s", text, assertionForm)
	}
	return a, nil
}

func withHint(message, hint string) error {
	if hint == "" {
		return fmt.Errorf("%s; %s", message, assertionForm)
	}
	return fmt.Errorf("%s; %s", message, hint)
}

// parseAssertedRange reads what follows read or write. A single word is a key,
// whatever it is, but for the unquoted all.
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
		return access.Range{}, withHint(fmt.Sprintf("%q says no kind of range", first.text), Suggest(first.text, keyFields()))
	}
	return access.Range{}, fmt.Errorf("%q is no range of keys; %s", strings.Join(texts, " "), assertionForm)
}

// keyRange returns the range of the keys in the field called name. It refuses
// what covers nothing, and an empty prefix, which would silently cover
// everything.
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
			return access.Range{}, hinted{"the end of the range is the first key of all", "write from for all keys from " + keys[0] + " on"}
		}
		if string(end) <= keys[0] {
			return access.Range{}, hinted{fmt.Sprintf("the range ends at %q, before it starts at %q", keys[1], keys[0]), "its keys are those from the first up to the second, without it"}
		}
		return access.Range{Key: key, End: end}, nil
	}
	return access.Range{Key: key}, nil
}

// hinted is an error with advice.
type hinted struct{ message, hint string }

func (h hinted) Error() string { return h.message + "; " + h.hint }

// Check says whether the assertion holds in s. Where it does not, why says
// what was found. It never holds of a user that is not there: the name may be
// mistyped.
func (a Assertion) Check(s access.State) (why string, holds bool) {
	if _, ok := s.Users[a.User]; !ok {
		why = fmt.Sprintf("there is no user %q", a.User)
		if hint := Suggest(a.User, s.UserNames()); hint != "" {
			why += "; " + hint
		}
		return why, false
	}
	effective := s.Effective(a.User)
	if !a.Cannot {
		if effective.Allows(a.Access, a.Range) {
			return "", true
		}
		d := effective.Decide(a.Access, a.Range)
		return fmt.Sprintf("%s cannot %s %s", a.User, d.MissingAccess, access.Range{Key: d.Missing}), false
	}
	for _, kind := range a.Access.Kinds() {
		if common := effective.Keys(kind).Intersection(access.SetOf(a.Range)); !common.IsEmpty() {
			why = fmt.Sprintf("%s can %s %s", a.User, kind, common)
			if grants := effective.Decide(kind, a.Range).Grants; len(grants) > 0 {
				why += fmt.Sprintf(" by the role %s (%s)", grants[0].Role, grants[0].Permission)
			}
			return why, false
		}
	}
	return "", true
}

// word is a word of an assertion; a quoted one is never a keyword.
type word struct {
	text   string
	quoted bool
}

// splitWords splits text at white space. A word that begins with a double quote
// is a Go string.
func splitWords(text string) ([]word, error) {
	var words []word
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimSpace(rest) {
		if rest[0] == '"' {
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return nil, fmt.Errorf("the quotes in %q are not closed, or a \\ in them is followed by what it cannot be", text)
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
