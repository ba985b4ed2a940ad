package output

// UserWithRoles is the result of "user add" with roles.
type UserWithRoles struct {
	Addition[string]        // names of roles
	Password         string // that was generated, if any
}

// Simple implements Result.
func (r UserWithRoles) Simple(t *Text) {
	if r.Created {
		t.Linef("User %s created", r.Name)
	}
	if r.Password != "" {
		t.Linef("Password: %s", r.Password)
	}
	for _, role := range r.Granted {
		t.Linef("Role %s is granted to user %s", role, r.Name)
	}
}

// Fields implements Result.
func (r UserWithRoles) Fields(f *FieldText) {
	r.fields(f, func() {
		if r.Password != "" {
			f.Quoted("Password", r.Password)
		}
		for _, role := range r.Granted {
			f.Quoted("Role", role)
		}
	})
}

func (r UserWithRoles) addedJSON() Object {
	var added Object
	if r.Password != "" {
		added = append(added, Member{"password", r.Password})
	}
	return append(added, r.Addition.addedJSON()...)
}

// Table implements Result: a row for each role.
func (r UserWithRoles) Table() TableData {
	t := TableData{Header: []string{"user", "role"}}
	ending := []string{r.result()}
	if r.Password != "" {
		t.Header = append(t.Header, "password")
		ending = []string{r.Password, r.result()}
	}
	t.Header = append(t.Header, "result")
	granted := r.Granted
	if len(granted) == 0 {
		granted = []string{""}
	}
	for _, role := range granted {
		t.Rows = append(t.Rows, append([]string{cell([]byte(r.Name)), cell([]byte(role))}, ending...))
	}
	return t
}

// Document implements Result.
func (r UserWithRoles) Document() Object {
	document := Object{{"user", Bytes(r.Name)}, {"granted", r.Granted}}
	if r.Password != "" {
		document = append(document, Member{"password", r.Password})
	}
	return append(document, Member{"result", r.result()}, Member{"changed", r.changed()})
}
