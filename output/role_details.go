package output

import (
	"strings"

	"github.com/ectl-io/ectl/internal/access"
)

// RoleDetails is the result of "role list --detail".
type RoleDetails struct{ access.State }

// Simple implements Result.
func (r RoleDetails) Simple(t *Text) {
	if len(r.Roles) > 0 {
		t.FoldColumns(r.Table())
	}
}

// Table implements Result: a row for each role.
func (r RoleDetails) Table() TableData {
	t := TableData{Header: []string{"role", "users", "permissions"}}
	holders := r.Holders()
	for _, name := range r.RoleNames() {
		var permissions []string
		for _, p := range r.Roles[name].Permissions {
			permissions = append(permissions, p.String())
		}
		if name == access.RootRole && len(permissions) == 0 {
			permissions = []string{access.ReadWrite.String() + " " + everythingDescription}
		}
		t.Rows = append(t.Rows, []string{cell([]byte(name)), strings.Join(plainNames(holders[name]), ", "), strings.Join(permissions, "; ")})
	}
	return t
}

// Document implements Result.
func (r RoleDetails) Document() Object { return Object{{"roles", r.Items()}} }

// Items implements Lister.
func (r RoleDetails) Items() []Object {
	items := []Object{}
	holders := r.Holders()
	for _, name := range r.RoleNames() {
		permissions := []Object{}
		for _, p := range r.Roles[name].Permissions {
			permissions = append(permissions, permissionMembers(p))
		}
		items = append(items, Object{{"role", name}, {"users", append([]string{}, holders[name]...)}, {"permissions", permissions}})
	}
	return items
}
