package access

import (
	"slices"
	"strings"
)

// GrantArgs returns the arguments of the command that grants p to the role.
func GrantArgs(role string, p Permission) []string {
	keys, flags := p.Range.args()
	return CommandArgs("role grant-permission", flags, slices.Concat([]string{role, p.Access.String()}, keys)...)
}

// RevokeArgs returns the arguments of the command that revokes the permission
// on r, which has to be written as it was granted.
func RevokeArgs(role string, r Range) []string {
	keys, flags := r.args()
	return CommandArgs("role revoke-permission", flags, slices.Concat([]string{role}, keys)...)
}

// args writes the range as arguments of a command: KEY [END], or KEY with
// --prefix or --from-key.
func (r Range) args() (keys, flags []string) {
	keys = []string{string(r.Key)}
	switch {
	case r.IsEveryKey():
		return []string{""}, []string{"--prefix"}
	case r.IsPrefix():
		flags = []string{"--prefix"}
	case string(r.End) == OpenEnd:
		flags = []string{"--from-key"}
	case len(r.End) > 0:
		keys = append(keys, string(r.End))
	}
	return keys, flags
}

// CommandArgs returns the arguments of the command at path, "user delete". A --
// stands before its positional arguments if one of them would be taken for a flag.
func CommandArgs(path string, flags []string, positional ...string) []string {
	args := strings.Fields(path)
	if slices.ContainsFunc(positional, func(word string) bool { return strings.HasPrefix(word, "-") }) {
		return slices.Concat(args, flags, []string{"--"}, positional)
	}
	return slices.Concat(args, positional, flags)
}
