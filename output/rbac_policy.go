package output

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/quantity"
)

// PolicyExport is the result of "rbac export": the roles and users of a cluster as a
// policy file. simple, yaml and json write the file itself.
type PolicyExport struct {
	State access.State
}

// writeAs implements selfWriter. It writes the policy file for simple, yaml and json.
func (r PolicyExport) writeAs(format Format, w *bufio.Writer) (bool, error) {
	var text []byte
	var err error
	switch format {
	case Simple, YAML:
		text, err = policy.YAML(r.State)
	case JSON:
		text, err = policy.JSON(r.State)
	case Fields, Protobuf, Table, NDJSON, CSV, Markdown, HTML, Wide:
		return false, nil
	}
	if err == nil {
		_, err = w.Write(text)
	}
	return true, err
}

// Simple implements Result. It writes nothing, because writeAs writes the file instead.
func (r PolicyExport) Simple(*Text) {}

// Table implements Result: a row for each permission and membership.
func (r PolicyExport) Table() TableData {
	t := TableData{Header: []string{"subject", "name", "has"}}
	for _, role := range r.State.RoleNames() {
		permissions := r.State.Roles[role].Permissions
		switch {
		case role == access.RootRole:
			t.Rows = append(t.Rows, []string{"role", role, everythingDescription})
		case len(permissions) == 0:
			t.Rows = append(t.Rows, []string{"role", cell([]byte(role)), ""})
		}
		for _, p := range permissions {
			if role != access.RootRole {
				t.Rows = append(t.Rows, []string{"role", cell([]byte(role)), p.String()})
			}
		}
	}
	for _, user := range r.State.UserNames() {
		t.Rows = append(t.Rows, []string{"user", cell([]byte(user)), strings.Join(plainNames(r.State.Users[user].Roles), ", ")})
	}
	return t
}

// Document implements Result.
func (r PolicyExport) Document() Object {
	roles, users := []Object{}, []Object{}
	for _, name := range r.State.RoleNames() {
		if name == access.RootRole {
			continue
		}
		permissions := []Object{}
		for _, p := range r.State.Roles[name].Permissions {
			permissions = append(permissions, permissionMembers(p))
		}
		roles = append(roles, Object{{"role", name}, {"permissions", permissions}})
	}
	for _, name := range r.State.UserNames() {
		users = append(users, Object{{"user", name}, {"roles", r.State.Users[name].Roles}})
	}
	return Object{{"roles", roles}, {"users", users}}
}

// Items implements Lister: an object for each role and user.
func (r PolicyExport) Items() []Object {
	var items []Object
	for _, member := range r.Document() {
		if objects, ok := member.Value.([]Object); ok {
			items = append(items, objects...)
		}
	}
	return items
}

// PolicyTest is the result of "rbac test": the assertions of a policy, and whether they
// hold.
type PolicyTest struct {
	Assertions []TestedAssertion
}

// TestedAssertion is an assertion and whether it holds.
type TestedAssertion struct {
	policy.Assertion
	Holds bool
	Why   string // why it does not hold
}

// Failed returns the number of assertions that do not hold.
func (r PolicyTest) Failed() int {
	n := 0
	for _, a := range r.Assertions {
		if !a.Holds {
			n++
		}
	}
	return n
}

// Simple implements Result: the assertions that do not hold, and the number of those that
// do.
func (r PolicyTest) Simple(t *Text) {
	for _, a := range r.Assertions {
		if !a.Holds {
			t.Linef("%s: %s: not so: %s", a.At, a.Text, a.Why)
		}
	}
	holding := len(r.Assertions) - r.Failed()
	t.Linef("%d of %s %s", holding, quantity.Of(len(r.Assertions), "assertion"), quantity.Verb(holding, "holds", "hold"))
}

// Table implements Result.
func (r PolicyTest) Table() TableData {
	t := TableData{Header: []string{"place", "assertion", "holds", "why not"}}
	for _, a := range r.Assertions {
		t.Rows = append(t.Rows, []string{a.At.String(), a.Text, fmt.Sprint(a.Holds), a.Why})
	}
	return t
}

// Document implements Result.
func (r PolicyTest) Document() Object {
	return Object{{"assertions", r.Items()}, {"failed", r.Failed()}}
}

// Items implements Lister.
func (r PolicyTest) Items() []Object {
	items := []Object{}
	for _, a := range r.Assertions {
		item := Object{{"place", a.At.String()}, {"assertion", a.Text}, {"holds", a.Holds}}
		if !a.Holds {
			item = append(item, Member{"why", a.Why})
		}
		items = append(items, item)
	}
	return items
}
