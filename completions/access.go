package completions

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.etcd.io/etcd/api/v3/authpb"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/etcd"
)

// Users completes the names of users.
func Users(ctx context.Context, c *etcd.Client, r Request) (Candidates, error) {
	response, err := c.UserList(ctx)
	if err != nil {
		return Candidates{}, err
	}
	return startingWith(response.Users, r.Word), nil
}

// Roles completes the names of roles.
func Roles(ctx context.Context, c *etcd.Client, r Request) (Candidates, error) {
	response, err := c.RoleList(ctx)
	if err != nil {
		return Candidates{}, err
	}
	return startingWith(response.Roles, r.Word), nil
}

// RolesOfUser completes the roles of the user in the preceding argument.
func RolesOfUser(ctx context.Context, c *etcd.Client, r Request) (Candidates, error) {
	response, err := c.UserGet(ctx, r.Args[0])
	if err != nil {
		return Candidates{}, err
	}
	return startingWith(response.Roles, r.Word), nil
}

// AccessKinds completes the kinds of a permission.
func AccessKinds(_ context.Context, _ *etcd.Client, r Request) (Candidates, error) {
	return startingWith([]string{"read", "write", "readwrite"}, r.Word), nil
}

// AccessKindsAndActions completes what "rbac can-i" checks.
func AccessKindsAndActions(_ context.Context, _ *etcd.Client, r Request) (Candidates, error) {
	words := []string{"read", "write", "readwrite"}
	for _, action := range access.Actions() {
		words = append(words, string(action))
	}
	return startingWith(words, r.Word), nil
}

// KeysOfRole completes the keys of the permissions of the role in the preceding argument.
// With --prefix or --from-key, only permissions of that form count.
func KeysOfRole(ctx context.Context, c *etcd.Client, r Request) (Candidates, error) {
	response, err := c.RoleGet(ctx, r.Args[0])
	if err != nil {
		return Candidates{}, err
	}
	prefix, fromKey := isSet(r.Flags, "prefix"), isSet(r.Flags, "from-key")
	descriptions := map[string][]string{} // several permissions may start at the same key
	for _, perm := range response.Perm {
		switch key := string(perm.GetKey()); {
		case !plain(key), !strings.HasPrefix(key, r.Word):
		case prefix && !isPrefix(perm), fromKey && string(perm.GetRangeEnd()) != access.OpenEnd:
		default:
			descriptions[key] = append(descriptions[key], describe(perm))
		}
	}
	var found Candidates
	for key, permissions := range descriptions {
		found.Words = append(found.Words, cobra.CompletionWithDesc(key, strings.Join(permissions, "; ")))
	}
	slices.Sort(found.Words)
	return found, nil
}

// EndsOfRole completes the end of the role's permissions on the key in the preceding
// argument. The first argument is the role. For an end that cannot be typed, it offers
// --prefix or --from-key.
func EndsOfRole(ctx context.Context, c *etcd.Client, r Request) (Candidates, error) {
	if isSet(r.Flags, "prefix") || isSet(r.Flags, "from-key") {
		return Candidates{}, nil
	}
	response, err := c.RoleGet(ctx, r.Args[0])
	if err != nil {
		return Candidates{}, err
	}
	var found Candidates
	for _, perm := range response.Perm {
		if string(perm.GetKey()) != r.Args[1] {
			continue
		}
		end := string(perm.GetRangeEnd())
		switch {
		case end == access.OpenEnd && r.Word == "":
			found.Words = append(found.Words, cobra.CompletionWithDesc("--from-key", describe(perm)))
		case plain(end) && strings.HasPrefix(end, r.Word):
			found.Words = append(found.Words, cobra.CompletionWithDesc(end, describe(perm)))
		case isPrefix(perm) && r.Word == "":
			found.Words = append(found.Words, cobra.CompletionWithDesc("--prefix", describe(perm)))
		}
	}
	return found, nil
}

// describe returns a permission as text, for example "read prefix /a/".
func describe(perm *authpb.Permission) string {
	keys := access.Range{Key: perm.GetKey(), End: perm.GetRangeEnd()}
	return strings.ToLower(perm.GetPermType().String()) + " " + keys.String()
}

func isPrefix(perm *authpb.Permission) bool {
	return len(perm.GetRangeEnd()) > 0 && bytes.Equal(perm.GetRangeEnd(), access.PrefixEnd(perm.GetKey()))
}

func isSet(flags *pflag.FlagSet, name string) bool {
	flag := flags.Lookup(name)
	return flag != nil && flag.Changed && flag.Value.String() == "true"
}

func startingWith(words []string, prefix string) Candidates {
	var found Candidates
	for _, word := range words {
		if strings.HasPrefix(word, prefix) && plain(word) {
			found.Words = append(found.Words, word)
		}
	}
	slices.Sort(found.Words)
	return found
}
