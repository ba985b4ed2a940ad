// Package access models the access control of etcd: ranges of keys and the
// permissions of roles on them, with the server's rules. It does no I/O.
package access

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// RootRole names the role that allows everything, whatever its permissions. RootUser
// names the user that must hold it before authentication can be enabled.
const (
	RootRole = "root"
	RootUser = "root"
)

// OpenEnd is the end of a range that has no end: the range covers all keys
// from its first key on. As the key of such a range, OpenEnd stands for the first
// possible key.
const OpenEnd = "\x00"

// Range is a range of keys in the notation of the API. If End is empty, it is the
// single key Key. If End is OpenEnd, it is all keys from Key on. Otherwise it is the
// keys from Key up to End, without End.
type Range struct {
	Key, End []byte
}

// Everything returns the range of every key.
func Everything() Range { return Range{Key: []byte(OpenEnd), End: []byte(OpenEnd)} }

// Equal reports whether r and o are the same range in the same notation.
func (r Range) Equal(o Range) bool { return bytes.Equal(r.Key, o.Key) && bytes.Equal(r.End, o.End) }

// Notation returns Key and End as strings, as a comparable key for maps. A role can
// hold the same keys in several notations, as separate permissions.
func (r Range) Notation() [2]string { return [2]string{string(r.Key), string(r.End)} }

// PrefixRange returns the range of all keys that start with prefix.
func PrefixRange(prefix []byte) Range {
	if len(prefix) == 0 {
		return Everything()
	}
	return Range{Key: prefix, End: PrefixEnd(prefix)}
}

// PrefixEnd returns the end of the range of all keys that start with prefix. It
// increments the last byte that is not 0xff, and drops the bytes after it. If every
// byte is 0xff, it returns OpenEnd.
func PrefixEnd(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			end := bytes.Clone(prefix[:i+1])
			end[i]++
			return end
		}
	}
	return []byte(OpenEnd)
}

// IsPrefix reports whether r is the range of all keys that start with its key.
func (r Range) IsPrefix() bool {
	return len(r.Key) > 0 && len(r.End) > 0 && bytes.Equal(r.End, PrefixEnd(r.Key))
}

// IsEveryKey reports whether r is the range of every key.
func (r Range) IsEveryKey() bool {
	return string(r.End) == OpenEnd && (len(r.Key) == 0 || string(r.Key) == OpenEnd)
}

// String returns a readable description: "key /a", "prefix /a/", "keys from /a",
// "[/a, /b)" or "every key". Keys that are not printable text are quoted Go strings.
func (r Range) String() string {
	switch {
	case len(r.End) == 0:
		return "key " + DescribeKey(r.Key)
	case r.IsEveryKey():
		return "every key"
	case r.IsPrefix():
		return "prefix " + DescribeKey(r.Key)
	case string(r.End) == OpenEnd:
		return "keys from " + DescribeKey(r.Key)
	}
	return "[" + DescribeKey(r.Key) + ", " + DescribeKey(r.End) + ")"
}

// DescribeKey returns the key in readable form. It returns a quoted Go string if the
// key is empty, contains a space, or is not printable text.
func DescribeKey(key []byte) string {
	s := string(key)
	if s == "" || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == ' ' }) {
		return strconv.Quote(s)
	}
	return s
}
