package output

import (
	"strings"
	"time"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/review"
)

// AccessMatrix is the result of "rbac matrix".
type AccessMatrix struct {
	access.Matrix

	State   access.State // all users and roles
	Keys    access.Range // that the matrix covers
	Lint    Lint
	Cluster AccessCluster

	Made  Maker  // of the review
	Since *Since // an earlier review, or nil

	// WithoutPassword holds the users without a password. It is nil if the server was
	// not queried, or if authentication is off.
	WithoutPassword map[string]bool
}

// AccessCluster describes the cluster of an access review.
type AccessCluster struct {
	ID        uint64
	Endpoints []string
	Enabled   bool   // authentication is on
	Revision  uint64 // of users and roles; 0 if the server does not return it
	At        time.Time
}

// Maker is how a review was made.
type Maker struct {
	Version string // of ectl
	Command string // without secrets
}

// Since is the difference to an earlier review.
type Since struct {
	Date    time.Time // of the earlier review
	Digest  string    // of its access
	Effects []plan.Effect
}

// digest identifies the access that the review is about.
func (r AccessMatrix) digest() string { return review.Digest(r.State) }

// password returns "yes", "no" or "unknown".
func (r AccessMatrix) password(user string) string {
	if r.WithoutPassword == nil {
		return "unknown"
	}
	return yesNo(!r.WithoutPassword[user])
}

// Simple implements Result: the roles of each user, and the keys that the user may read
// and write.
func (r AccessMatrix) Simple(t *Text) {
	for i, u := range r.Users {
		if i > 0 {
			t.Linef("")
		}
		t.Linef("%s", plainName(u.Name))
		t.Linef("  roles: %s", namesLine(u.Roles))
		if r.WithoutPassword != nil {
			t.Linef("  password: %s", r.password(u.Name))
		}
		t.Linef("  may read: %s", u.Read)
		t.Linef("  may write: %s", u.Write)
	}
	if r.Since != nil {
		t.Linef("")
		t.Linef("%s", r.Since.title())
		for _, e := range r.Since.Effects {
			t.Linef("  user %s%s", cell([]byte(e.User)), fate(e))
			for _, c := range consequences(e) {
				t.Linef("      %s %s", glyph(c.action), c.text)
			}
		}
	}
}

// title is the head of the differences.
func (s *Since) title() string {
	since := "Since " + s.Date.UTC().Format(time.RFC3339)
	if len(s.Effects) == 0 {
		return since + ": no user has gained or lost access."
	}
	return since + ":"
}

// items returns an object for each user that has gained or lost access.
func (s *Since) items() []Object {
	items := make([]Object, 0, len(s.Effects))
	for _, e := range s.Effects {
		items = append(items, effectObject(e))
	}
	return items
}

// namesLine returns names in one line, separated by commas.
func namesLine(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(plainNames(names), ", ")
}

// Table implements Result: a row for each user, a column for each range.
func (r AccessMatrix) Table() TableData {
	t := TableData{Header: []string{"user", "root"}}
	if r.WithoutPassword != nil {
		t.Header = append(t.Header, "password")
	}
	t.names = len(t.Header)
	for _, keys := range r.Ranges {
		t.Header = append(t.Header, keys.String())
	}
	for _, u := range r.Users {
		row := make([]string, 0, len(t.Header))
		row = append(row, plainName(u.Name), yesNo(u.Root))
		if r.WithoutPassword != nil {
			row = append(row, r.password(u.Name))
		}
		for _, c := range r.Cells(u) {
			row = append(row, cellText(c))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// cellText returns the access to a range in letters: R and W for all of it, in
// parentheses for a part.
func cellText(c access.Cell) string {
	if c.Part == 0 {
		return letters(c.Whole)
	}
	return letters(c.Whole) + "(" + letters(c.Part) + ")"
}

func letters(a access.Access) string {
	switch a {
	case access.Read:
		return "R"
	case access.Write:
		return "W"
	case access.ReadWrite:
		return "RW"
	}
	return ""
}

// Document implements Result.
func (r AccessMatrix) Document() Object {
	document := Object{
		{"cluster_id", ID(r.Cluster.ID)},
		{"endpoints", r.Cluster.Endpoints},
		{"date", date(r.Cluster.At)},
		{"authentication", AuthSwitched{Enabled: r.Cluster.Enabled}.state()},
		{"auth_revision", r.Cluster.Revision},
		{"digest", r.digest()},
		{"made_by", Object{{"version", r.Made.Version}, {"command", r.Made.Command}}},
	}
	if r.Since != nil {
		document = append(document, Member{"since", Object{{"date", date(r.Since.Date)}, {"digest", r.Since.Digest}, {"users", r.Since.items()}}})
	}
	return append(document, Member{"users", r.Items()}, Member{"roles", r.roleItems()}, Member{"findings", r.Lint.Items()})
}

// roleItems returns an object for each role with its permissions.
func (r AccessMatrix) roleItems() []Object {
	items := make([]Object, 0, len(r.State.Roles))
	for _, name := range r.State.RoleNames() {
		permissions := []Object{}
		for _, p := range r.State.Roles[name].Permissions {
			permissions = append(permissions, permissionMembers(p))
		}
		items = append(items, Object{{"role", name}, {"permissions", permissions}})
	}
	return items
}

// Items implements Lister: an object for each user.
func (r AccessMatrix) Items() []Object {
	items := make([]Object, 0, len(r.Users))
	for _, u := range r.Users {
		items = append(items, Object{
			{"user", u.Name}, {"root", u.Root}, {"roles", u.Roles}, {"password", r.password(u.Name)},
			{"read", rangeItems(u.Read)}, {"write", rangeItems(u.Write)}, {"grants", grantItems(u.Grants)},
		})
	}
	return items
}
