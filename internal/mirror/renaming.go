package mirror

import (
	"strings"

	"github.com/ectl-io/ectl/internal/access"
)

// renaming says what becomes of the keys' prefix.
type renaming struct{ from, to string }

// name is what a key of the source is called at the destination.
func (r renaming) name(key []byte) []byte {
	if r.from == r.to {
		return key
	}
	return append([]byte(r.to), key[len(r.from):]...)
}

// endless says whether within one cluster the copies would be copied again
// without end: each of them is one of the keys to copy.
func (r renaming) endless() bool { return strings.HasPrefix(r.to, r.from) }

// rangeOf returns the range of the keys with a prefix, as in a RangeRequest.
func rangeOf(prefix string) (key, end string) {
	r := access.PrefixRange([]byte(prefix))
	return string(r.Key), string(r.End)
}
