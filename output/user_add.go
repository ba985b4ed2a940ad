package output

// UserWithRoles is the result of "user add" with roles.
type UserWithRoles struct {
	WithGrants[string] // names of roles
}

// Simple implements Result.
func (r UserWithRoles) Simple(t *Text) {
	if r.Created {
		t.Linef("User %s created", r.Name)
	}
	for _, role := range r.Granted {
		t.Linef("Role %s is granted to user %s", role, r.Name)
	}
}

func (r UserWithRoles) api() apiForms { return r.forms(r.fields) }

func (r UserWithRoles) fields(f *FieldText) {
	r.writeFields(f, func() {
		for _, role := range r.Granted {
			f.Quoted("Role", role)
		}
	})
}

// Table implements Result: a row for each role.
func (r UserWithRoles) Table() TableData {
	t := TableData{Header: []string{"user", "role", "result"}}
	granted := r.Granted
	if len(granted) == 0 {
		granted = []string{""}
	}
	for _, role := range granted {
		t.Rows = append(t.Rows, []string{cell([]byte(r.Name)), cell([]byte(role)), r.result()})
	}
	return t
}

// Document implements Result.
func (r UserWithRoles) Document() Object {
	return Object{{"user", r.Name}, {"granted", r.Granted}, {"result", r.result()}, {"changed", r.changed()}}
}
