package output

import "go.etcd.io/etcd/api/v3/authpb"

// RoleWithPermissions is the result of "role add" with permissions. In JSON, the
// permissions look as in the response to "role get".
type RoleWithPermissions struct {
	WithGrants[*authpb.Permission] // the permissions as the role has them now
}

// Simple implements Result.
func (r RoleWithPermissions) Simple(t *Text) {
	if r.Created {
		t.Linef("Role %s created", r.Name)
	}
	for _, p := range r.Granted {
		t.Linef("Role %s is granted %s on %s", r.Name, accessName(p.GetPermType()), permissionRange(p))
	}
}

func (r RoleWithPermissions) api() apiForms { return r.forms(r.fields) }

func (r RoleWithPermissions) fields(f *FieldText) {
	r.writeFields(f, func() { f.permissions(r.Granted) })
}

// Table implements Result: a row for each permission.
func (r RoleWithPermissions) Table() TableData {
	t := TableData{Header: append(append([]string{"role"}, permissionColumns()...), "result")}
	for _, p := range r.Granted {
		t.Rows = append(t.Rows, append(append([]string{cell([]byte(r.Name))}, permissionCells(p)...), r.result()))
	}
	if len(t.Rows) == 0 {
		t.Rows = [][]string{{cell([]byte(r.Name)), "", "", "", "", r.result()}}
	}
	return t
}

// Document implements Result.
func (r RoleWithPermissions) Document() Object {
	granted := []Object{}
	for _, p := range r.Granted {
		granted = append(granted, permissionObject(p))
	}
	return Object{{"role", r.Name}, {"granted", granted}, {"result", r.result()}, {"changed", r.changed()}}
}
