package output

import (
	"strings"

	"github.com/ectl-io/ectl/internal/access"
)

// WhoCan is the result of "rbac who-can".
type WhoCan struct {
	Access  access.Access
	Range   access.Range
	Holders []access.Holder
}

// extent returns "whole" or "part", by how much of the range the holder can access.
func extent(h access.Holder) string {
	if h.Whole {
		return "whole"
	}
	return "part"
}

// Simple implements Result: a line for each user.
func (r WhoCan) Simple(t *Text) {
	for _, h := range r.Holders {
		keys := "all of it"
		if !h.Whole {
			keys = "a part, " + h.Part.String()
		}
		t.Linef("%s: %s, by %s", plainName(h.User), keys, strings.Join(grantLines(h.Grants), "; "))
	}
}

// Table implements Result: a row for each user and grant.
func (r WhoCan) Table() TableData {
	t := TableData{Header: []string{"user", "extent", "keys", "role", "access", "granted"}}
	for _, h := range r.Holders {
		for _, g := range h.Grants {
			t.Rows = append(t.Rows, []string{plainName(h.User), extent(h), h.Part.String(), plainName(g.Role), g.Access.String(), g.Range.String()})
		}
	}
	return t
}

// Document implements Result.
func (r WhoCan) Document() Object {
	return append(permissionMembers(access.Permission{Access: r.Access, Range: r.Range}), Member{"users", r.Items()})
}

// Items implements Lister.
func (r WhoCan) Items() []Object {
	items := make([]Object, 0, len(r.Holders))
	for _, h := range r.Holders {
		items = append(items, Object{
			{"user", h.User}, {"extent", extent(h)}, {"root", h.Root}, {"keys", rangeItems(h.Part)}, {"grants", grantItems(h.Grants)},
		})
	}
	return items
}
