package mirror

import (
	"strings"

	"github.com/ectl-io/ectl/internal/access"
)

// renaming replaces the prefix from of a key by the prefix to.
type renaming struct{ from, to string }

// name returns the name of a source key at the destination.
func (r renaming) name(key []byte) []byte {
	if r.from == r.to {
		return key
	}
	return append([]byte(r.to), key[len(r.from):]...)
}

// endless reports whether a mirror within one cluster would copy its own copies
// indefinitely. It would if each copy is itself a key to copy.
func (r renaming) endless() bool { return strings.HasPrefix(r.to, r.from) }

// rangeOf returns the range of the keys with a prefix, as in a RangeRequest.
func rangeOf(prefix string) (key, end string) {
	r := access.PrefixRange([]byte(prefix))
	return string(r.Key), string(r.End)
}
