package lint

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
)

// oneGrant finds problems of a single grant.
func (l *linter) oneGrant(object, role string, p access.Permission) {
	key, end := p.Range.Key, p.Range.End
	prefix := p.Range.IsPrefix()
	grants := []access.Permission{p}
	if string(end) == access.OpenEnd && !prefix {
		why := fmt.Sprintf("it covers all keys from %s to the end of the key space, including future ones", access.DescribeKey(key))
		mend := []plan.Step{revoke(role, p.Range)}
		if goesOn(key) || !utf8.Valid(key) {
			why += "; the fix takes all of it away" + l.from(role) + ": grant the keys that are needed first"
		} else {
			mend = append([]plan.Step{grant(role, access.Permission{Access: p.Access, Range: access.PrefixRange(key)})}, mend...)
		}
		l.add(ruleOpenEnded, object, grants, why, mend...)
	}
	if prefix && goesOn(key) {
		narrow := access.Permission{Access: p.Access, Range: access.PrefixRange(append(bytes.Clone(key), separator(key)))}
		l.add(ruleSibling, object, grants, fmt.Sprintf("it also covers %s%s", access.DescribeKey(append(bytes.Clone(key), '2')), l.siblings(key)),
			grant(role, narrow), revoke(role, p.Range))
	}
	if bytes.ContainsRune(key, '*') || bytes.ContainsRune(end, '*') {
		why := "etcd has no wildcards: the * is a character like any other"
		var fix []plan.Step
		if literal, rest, _ := bytes.Cut(key, []byte("*")); len(literal) > 0 && len(rest) == 0 && len(end) == 0 {
			fix = append(fix, grant(role, access.Permission{Access: p.Access, Range: access.PrefixRange(literal)}))
			why += "; a prefix was probably meant"
		}
		l.add(ruleWildcard, object, grants, why, append(fix, revoke(role, p.Range))...)
	}
}

// maxHolders is the maximum number of holders of a role that a finding names.
const maxHolders = 3

// from returns " from" and the users that hold the role, or an empty string if it knows
// none.
func (l *linter) from(role string) string {
	holders := l.holders[role]
	switch n := len(holders); {
	case n == 0:
		return ""
	case n > maxHolders:
		return fmt.Sprintf(" from %s and %d more", strings.Join(holders[:maxHolders], ", "), n-maxHolders)
	}
	return " from " + strings.Join(holders, ", ")
}

// goesOn reports whether longer names than the last one in the key may exist. It
// checks that the key ends with a letter or digit, not with a separator.
func goesOn(key []byte) bool {
	last, _ := utf8.DecodeLastRune(key)
	return utf8.Valid(key) && isName(last)
}

func isName(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// separator returns the probable separator of names in the key.
func separator(key []byte) byte {
	for _, b := range []byte("/.:") {
		if bytes.IndexByte(key, b) >= 0 {
			return b
		}
	}
	return '/'
}

// siblings returns a text with up to three places next to the prefix, not below it.
// It finds them in grants on other ranges. It returns an empty string if there are
// none.
func (l *linter) siblings(prefix []byte) string {
	sentence, known := l.beside[string(prefix)]
	if !known {
		sentence = l.namedSiblings(string(prefix))
		l.beside[string(prefix)] = sentence
	}
	return sentence
}

func (l *linter) namedSiblings(prefix string) string {
	first, _ := slices.BinarySearchFunc(l.known, prefix, func(p place, key string) int { return cmp.Compare(p.key, key) })
	var names []string // the first three in sort order
	n := 0
	for _, p := range l.known[first:] {
		l.steps++
		rest, below := strings.CutPrefix(p.key, prefix)
		if !below {
			break
		}
		if next, _ := utf8.DecodeRuneInString(rest); !isName(next) {
			continue
		}
		n++
		i, _ := slices.BinarySearch(names, p.description)
		names = slices.Insert(names, i, p.description)
		names = names[:min(len(names), 3)]
	}
	switch {
	case n == 0:
		return ""
	case n > 3:
		return fmt.Sprintf(", and there are grants on %s and %d more", strings.Join(names, ", "), n-3)
	}
	return ", and there are grants on " + strings.Join(names, ", ")
}
