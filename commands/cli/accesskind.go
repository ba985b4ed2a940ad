package cli

import (
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/suggest"
)

// ParseAccess returns the access with the name word: read, write or readwrite. The error
// has the status BadArgs.
func ParseAccess(word string) (access.Access, error) {
	a, err := access.ParseAccess(word)
	if err != nil {
		return a, exit.BadArgsf("%w%s", err, AccessHint(word))
	}
	return a, nil
}

// AccessHint returns the end of an error for word, which is no access: the access that
// is probably meant. It may be empty.
func AccessHint(word string) string {
	return hint(suggest.Words(word, access.AccessNames(), map[string][]string{
		"r": {"read"}, "ro": {"read"}, "get": {"read"}, "w": {"write"}, "put": {"write"},
		"rw": {"readwrite"}, "wr": {"readwrite"}, "all": {"readwrite"}, "readonly": {"read"},
	}))
}

// hint returns the end of an error with the names that are probably meant, or an empty
// string without names.
func hint(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "; " + suggest.Question(names)
}
