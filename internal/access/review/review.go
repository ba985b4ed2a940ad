// Package review reads the JSON of an access review, and identifies the access that one
// is about. No I/O.
package review

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
)

// Review is an access review that was kept.
type Review struct {
	State   access.State
	Cluster string    // the cluster's ID, in hexadecimal
	Date    time.Time // of the review
	Digest  string    // see Digest
}

// Read reads what "rbac matrix -w json" has written. The error names what is missing.
func Read(text []byte) (Review, error) {
	var document struct {
		Cluster string    `json:"cluster_id"`
		Date    time.Time `json:"date"`
		Users   *[]struct {
			User  string   `json:"user"`
			Roles []string `json:"roles"`
		} `json:"users"`
		Roles *[]struct {
			Role        string       `json:"role"`
			Permissions []permission `json:"permissions"`
		} `json:"roles"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return Review{}, fmt.Errorf("it is no JSON of \"rbac matrix\": %w", err)
	}
	if document.Users == nil || document.Roles == nil {
		return Review{}, errors.New("it is no access review: it has no users or no roles; \"rbac matrix -w json\" writes one")
	}
	r := Review{State: access.NewState(), Cluster: document.Cluster, Date: document.Date}
	for _, role := range *document.Roles {
		read := access.Role{Name: role.Role}
		for _, p := range role.Permissions {
			converted, err := p.convert()
			if err != nil {
				return Review{}, fmt.Errorf("role %q: %w", role.Role, err)
			}
			read.Permissions = append(read.Permissions, converted)
		}
		r.State.Roles[role.Role] = read
	}
	for _, user := range *document.Users {
		r.State.Users[user.User] = access.User{Name: user.User, Roles: user.Roles}
	}
	r.Digest = Digest(r.State)
	return r, nil
}

// permission is a permission in JSON. Keys that are not text are in base64.
type permission struct {
	Access    string  `json:"access"`
	Key       *string `json:"key"`
	KeyBase64 *string `json:"key_base64"`
	End       *string `json:"range_end"`
	EndBase64 *string `json:"range_end_base64"`
}

func (p permission) convert() (converted access.Permission, err error) {
	if converted.Access, err = access.ParseAccess(p.Access); err != nil {
		return converted, err
	}
	if p.Key == nil && p.KeyBase64 == nil {
		return converted, errors.New("a permission has no key")
	}
	if converted.Range.Key, err = bytesOf(p.Key, p.KeyBase64); err != nil {
		return converted, err
	}
	converted.Range.End, err = bytesOf(p.End, p.EndBase64)
	return converted, err
}

func bytesOf(text, encoded *string) ([]byte, error) {
	switch {
	case text != nil:
		return []byte(*text), nil
	case encoded != nil:
		return base64.StdEncoding.DecodeString(*encoded)
	}
	return nil, nil
}

// Digest identifies the access of a state: its users with their roles, and its roles with
// their permissions. Two states have the same digest if and only if these are the same.
// It is 64 hexadecimal digits of SHA-256.
func Digest(state access.State) string {
	sum := sha256.New()
	for _, name := range state.RoleNames() {
		fmt.Fprintf(sum, "role %q\n", name)
		var lines []string
		for _, p := range access.Merged(state.Roles[name].Permissions) {
			lines = append(lines, fmt.Sprintf("%s %q %q\n", p.Access, p.Range.Key, p.Range.End))
		}
		slices.Sort(lines)
		for _, line := range lines {
			fmt.Fprint(sum, line)
		}
	}
	for _, name := range state.UserNames() {
		roles := slices.Sorted(slices.Values(state.Users[name].Roles))
		fmt.Fprintf(sum, "user %q %q\n", name, roles)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Effects returns the users whose access differs between two states, and the users that
// only one of them has, sorted by name.
func Effects(before, after access.State) []plan.Effect {
	all := plan.EffectsOf(before, after)
	add := func(names []string, other access.State, added bool) {
		for _, name := range names {
			at, found := slices.BinarySearchFunc(all, name, func(e plan.Effect, name string) int { return strings.Compare(e.User, name) })
			if _, both := other.Users[name]; !both && !found {
				all = slices.Insert(all, at, plan.Effect{User: name, Added: added, Deleted: !added})
			}
		}
	}
	add(after.UserNames(), before, true)
	add(before.UserNames(), after, false)
	return all
}
