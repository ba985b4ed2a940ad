package output

import "github.com/ectl-io/ectl/internal/secret"

// GeneratedPassword is a password that ectl generated for a user.
type GeneratedPassword = secret.GeneratedPassword

func passwordItems(passwords []GeneratedPassword) []Object {
	items := make([]Object, 0, len(passwords))
	for _, p := range passwords {
		items = append(items, Object{{"user", p.User}, {"password", p.Password}})
	}
	return items
}

// passwordTable has a row for each password.
func passwordTable(passwords []GeneratedPassword) TableData {
	t := TableData{Header: []string{"user", "password"}}
	for _, p := range passwords {
		t.Rows = append(t.Rows, []string{cell([]byte(p.User)), p.Password})
	}
	return t
}

// PasswordOfUser is the Beginning of the results of "user add" and "user passwd".
type PasswordOfUser struct {
	GeneratedPassword

	Roles []string // to be granted; nil omits roles from the result
}

// Simple implements Result.
func (r PasswordOfUser) Simple(t *Text) { t.Linef("Password: %s", r.Password) }

// api returns the forms that are added to the response of the API.
func (r PasswordOfUser) api() apiForms {
	return apiForms{
		visible: true,
		fields:  func(f *FieldText) { f.Quoted("Password", r.Password) },
		message: r.Document().message(),
		json:    Object{{"password", r.Password}},
	}
}

// Table implements Result.
func (r PasswordOfUser) Table() TableData {
	t := passwordTable([]GeneratedPassword{r.GeneratedPassword})
	if r.Roles != nil {
		t.Header = []string{"user", "role", "password"}
		t.Rows = [][]string{{cell([]byte(r.User)), cell([]byte(r.Roles[0])), r.Password}}
	}
	return t
}

// Document implements Result.
func (r PasswordOfUser) Document() Object {
	return Object{{"user", r.User}, {"password", r.Password}}
}

func (r PasswordOfUser) columns() []string { return append(r.Table().Header, "result") }

func (PasswordOfUser) isOpen() bool { return true }
