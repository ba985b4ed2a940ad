package completions

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/etcd"
)

// Users completes the names of users.
func Users(ctx context.Context, c *etcd.Client, _ []string, toComplete string) (Candidates, error) {
	response, err := c.UserList(ctx)
	if err != nil {
		return Candidates{}, err
	}
	return startingWith(response.Users, toComplete), nil
}

// Roles completes the names of roles.
func Roles(ctx context.Context, c *etcd.Client, _ []string, toComplete string) (Candidates, error) {
	response, err := c.RoleList(ctx)
	if err != nil {
		return Candidates{}, err
	}
	return startingWith(response.Roles, toComplete), nil
}

// RolesOfUser completes the roles that the user, the argument before, has.
func RolesOfUser(ctx context.Context, c *etcd.Client, args []string, toComplete string) (Candidates, error) {
	response, err := c.UserGet(ctx, args[0])
	if err != nil {
		return Candidates{}, err
	}
	return startingWith(response.Roles, toComplete), nil
}

// AccessKinds completes what a permission can allow.
func AccessKinds(_ context.Context, _ *etcd.Client, _ []string, toComplete string) (Candidates, error) {
	return startingWith([]string{"read", "write", "readwrite"}, toComplete), nil
}

// KeysOfRole completes the keys that the role, the argument before, has
// permissions on.
func KeysOfRole(ctx context.Context, c *etcd.Client, args []string, toComplete string) (Candidates, error) {
	response, err := c.RoleGet(ctx, args[0])
	if err != nil {
		return Candidates{}, err
	}
	var found Candidates
	for _, perm := range response.Perm {
		if key := string(perm.GetKey()); typeable(key) && strings.HasPrefix(key, toComplete) {
			description := strings.ToLower(perm.GetPermType().String()) + " " +
				access.Range{Key: perm.GetKey(), End: perm.GetRangeEnd()}.String()
			found.Words = append(found.Words, cobra.CompletionWithDesc(key, description))
		}
	}
	return found, nil
}

// EndsOfRole completes the ends of the ranges from the key, the argument
// before, that the role, the argument before that, has permissions on.
func EndsOfRole(ctx context.Context, c *etcd.Client, args []string, toComplete string) (Candidates, error) {
	response, err := c.RoleGet(ctx, args[0])
	if err != nil {
		return Candidates{}, err
	}
	var ends []string
	for _, perm := range response.Perm {
		if end := string(perm.GetRangeEnd()); string(perm.GetKey()) == args[1] && end != "" && typeable(end) {
			ends = append(ends, end)
		}
	}
	return startingWith(ends, toComplete), nil
}

func startingWith(words []string, prefix string) Candidates {
	var found Candidates
	for _, word := range words {
		if strings.HasPrefix(word, prefix) && typeable(word) {
			found.Words = append(found.Words, word)
		}
	}
	slices.Sort(found.Words)
	return found
}
