package output

import "github.com/ectl-io/ectl/internal/colour"

// PasswordChecked is the result of "user check-password".
type PasswordChecked struct {
	User   string
	Right  bool
	Reason string // why it is not right
}

// Simple implements Result.
func (r PasswordChecked) Simple(t *Text) {
	if r.Right {
		t.Tonef(colour.Good, "yes", "")
		return
	}
	t.Tonef(colour.Bad, "no", ": %s", r.Reason)
}

// Table implements Result.
func (r PasswordChecked) Table() TableData {
	return oneRow("user", cell([]byte(r.User)), "password is right", yesNo(r.Right), "reason", r.Reason).answers("password is right")
}

// Document implements Result.
func (r PasswordChecked) Document() Object {
	document := Object{{"user", r.User}, {"right", r.Right}}
	if r.Reason != "" {
		document = append(document, Member{"reason", r.Reason})
	}
	return document
}
