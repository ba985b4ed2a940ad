package output

import (
	"strings"
	"time"
)

// Login is the result of "login" and "login --status".
type Login struct {
	User      string
	Endpoints []string
	Since     time.Time
	Expiry    time.Time // zero if the token does not tell
}

// Simple implements Result.
func (r Login) Simple(t *Text) {
	t.Linef("user: %s", r.User)
	t.Linef("endpoints: %s", strings.Join(r.Endpoints, ","))
	t.Linef("since: %s", r.Since.UTC().Format(time.RFC3339))
	t.Linef("until: %s", r.until())
}

// until describes the end of the login.
func (r Login) until() string {
	if r.Expiry.IsZero() {
		return "unused for the server's --auth-token-ttl"
	}
	return r.Expiry.UTC().Format(time.RFC3339)
}

// Table implements Result.
func (r Login) Table() TableData {
	return oneRow("user", cell([]byte(r.User)), "endpoints", strings.Join(r.Endpoints, ","),
		"since", r.Since.UTC().Format(time.RFC3339), "until", r.until())
}

// Document implements Result.
func (r Login) Document() Object {
	o := Object{{"user", r.User}, {"endpoints", r.Endpoints}, {"since", r.Since.UTC().Format(time.RFC3339)}}
	if !r.Expiry.IsZero() {
		o = append(o, Object{{"until", r.Expiry.UTC().Format(time.RFC3339)}}...)
	}
	return o
}

// Logout is the result of "logout".
type Logout struct {
	Users []string // whose logins were removed
}

// Simple implements Result.
func (r Logout) Simple(t *Text) {
	for _, user := range r.Users {
		t.Linef("Login of %s forgotten", user)
	}
}

// Table implements Result.
func (r Logout) Table() TableData {
	t := TableData{Header: []string{"user"}}
	for _, user := range r.Users {
		t.Rows = append(t.Rows, []string{cell([]byte(user))})
	}
	return t
}

// Document implements Result.
func (r Logout) Document() Object { return Object{{"forgotten", r.Users}} }
