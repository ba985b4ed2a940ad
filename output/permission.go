package output

import (
	"strings"

	"go.etcd.io/etcd/api/v3/authpb"

	"github.com/ectl-io/ectl/internal/access"
)

// The functions below show permissions and key ranges in several results. Permissions
// in responses have the type of the API (authpb); all others have that of access.

// accessName returns a kind of permission in the words that grant-permission accepts.
func accessName(t authpb.Permission_Type) string { return strings.ToLower(t.String()) }

func permissionRange(p *authpb.Permission) access.Range {
	return access.Range{Key: p.GetKey(), End: p.GetRangeEnd()}
}

func permissionColumns() []string { return []string{"access", "key", "range end", "description"} }

// permissionCells returns the cells of permissionColumns.
func permissionCells(p *authpb.Permission) []string {
	return []string{accessName(p.GetPermType()), cell(p.GetKey()), cell(p.GetRangeEnd()), permissionRange(p).String()}
}

// permissionObject returns the document of a permission of the API.
func permissionObject(p *authpb.Permission) Object {
	return append(Object{{"access", accessName(p.GetPermType())}}, rangeObject(permissionRange(p))...)
}

// permissionMembers returns the document of a permission.
func permissionMembers(p access.Permission) Object {
	return append(Object{{"access", p.Access.String()}}, rangeObject(p.Range)...)
}

// rangeObject returns the document of a key range. A single key has no end.
func rangeObject(r access.Range) Object {
	object := Object{{"key", Bytes(r.Key)}}
	if len(r.End) > 0 {
		object = append(object, Member{"range_end", Bytes(r.End)})
	}
	return append(object, Member{"description", r.String()})
}

func rangeItems(s access.Set) []Object {
	ranges := s.Ranges()
	items := make([]Object, 0, len(ranges))
	for _, r := range ranges {
		items = append(items, rangeObject(r))
	}
	return items
}

func grantItems(grants []access.Grant) []Object {
	items := make([]Object, 0, len(grants))
	for _, g := range grants {
		items = append(items, append(Object{{"role", g.Role}}, permissionMembers(g.Permission)...))
	}
	return items
}

// grantLines describes grants with their roles.
func grantLines(grants []access.Grant) []string {
	lines := make([]string, 0, len(grants))
	for _, g := range grants {
		lines = append(lines, "role "+plainName(g.Role)+": "+g.String())
	}
	return lines
}
