package output

import (
	"strings"

	"github.com/ectl-io/ectl/internal/access"
)

// UserDetails is the result of "user list --detail".
type UserDetails struct {
	access.State
	WithoutPassword map[string]bool // by the user's name; nil if unknown
}

// login returns how a user logs in.
func (r UserDetails) login(user string) string {
	switch {
	case r.WithoutPassword == nil:
		return "unknown"
	case r.WithoutPassword[user]:
		return "certificate"
	}
	return "password"
}

// Simple implements Result.
func (r UserDetails) Simple(t *Text) {
	if len(r.Users) > 0 {
		t.FoldColumns(r.Table())
	}
}

// Table implements Result: a row for each user.
func (r UserDetails) Table() TableData {
	t := TableData{Header: []string{"user", "login", "roles"}}
	for _, name := range r.UserNames() {
		t.Rows = append(t.Rows, []string{cell([]byte(name)), r.login(name), strings.Join(plainNames(r.Users[name].Roles), ", ")})
	}
	return t
}

// Document implements Result.
func (r UserDetails) Document() Object { return Object{{"users", r.Items()}} }

// Items implements Lister.
func (r UserDetails) Items() []Object {
	items := []Object{}
	for _, name := range r.UserNames() {
		roles := r.Users[name].Roles
		if roles == nil {
			roles = []string{}
		}
		item := Object{{"user", name}, {"roles", roles}}
		if r.WithoutPassword != nil {
			item = append(item, Member{"password", !r.WithoutPassword[name]})
		}
		items = append(items, item)
	}
	return items
}
