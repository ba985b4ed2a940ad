package output

// UsersImported is the result of "user import".
type UsersImported struct {
	Users []UserWithRoles // in the order of the table
}

// Simple implements Result.
func (r UsersImported) Simple(t *Text) {
	for _, user := range r.Users {
		name := cell([]byte(user.Name))
		if user.Created {
			t.Linef("User %s created", name)
		}
		for _, role := range user.Granted {
			t.Linef("Role %s is granted to user %s", cell([]byte(role)), name)
		}
	}
}

// Table implements Result: a row for each role.
func (r UsersImported) Table() TableData {
	t := UserWithRoles{}.Table()
	t.Rows = nil
	for _, user := range r.Users {
		t.Rows = append(t.Rows, user.Table().Rows...)
	}
	return t
}

// Document implements Result.
func (r UsersImported) Document() Object {
	changed := false
	for _, user := range r.Users {
		changed = changed || user.Created || len(user.Granted) > 0
	}
	return Object{{"users", r.Items()}, {"changed", changed}}
}

// Items implements Lister.
func (r UsersImported) Items() []Object {
	items := []Object{}
	for _, user := range r.Users {
		items = append(items, user.Document())
	}
	return items
}
