package output

import (
	"strings"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/colour"
)

// CanI is the result of "rbac can-i".
type CanI struct {
	User   string // empty: the user of the connection
	Access access.Access
	Range  access.Range
	Live   bool // the server decided, so there are no reasons
	access.Decision
}

// Simple implements Result: the answer on the first line, the reasons below.
func (r CanI) Simple(t *Text) {
	t.Tonef(colour.OfAnswer(r.Allowed), yesNo(r.Allowed), "")
	for _, line := range grantLines(r.Grants) {
		t.Linef("%s", line)
	}
	switch {
	case r.Allowed:
	case r.Live:
		t.Linef("not allowed: %s", r.MissingAccess)
	default:
		t.Linef("first key not covered: %s (%s)", describeKey(r.Missing), r.MissingAccess)
		for _, p := range r.Needed {
			t.Linef("would cover it: %s", p)
		}
	}
}

// Table implements Result.
func (r CanI) Table() TableData {
	var needed []string
	for _, p := range r.Needed {
		needed = append(needed, p.String())
	}
	missing := ""
	if r.Missing != nil {
		missing = describeKey(r.Missing)
	}
	return oneRow("user", plainName(r.User), "access", r.Access.String(), "keys", r.Range.String(), "allowed", yesNo(r.Allowed),
		"by", strings.Join(grantLines(r.Grants), "\n"), "first key not covered", missing, "not allowed there", r.missingAccess(), "would cover it", strings.Join(needed, "\n")).answers("allowed")
}

func (r CanI) missingAccess() string {
	if r.Allowed {
		return ""
	}
	return r.MissingAccess.String()
}

// Document implements Result.
func (r CanI) Document() Object {
	document := Object{{"allowed", r.Allowed}}
	if r.User != "" {
		document = append(document, Member{"user", r.User})
	}
	document = append(document, permissionMembers(access.Permission{Access: r.Access, Range: r.Range})...)
	document = append(document, Member{"live", r.Live})
	if !r.Live {
		document = append(document, Member{"grants", grantItems(r.Grants)})
	}
	if r.Allowed {
		return document
	}
	if r.Missing != nil {
		document = append(document, Member{"first_key_not_covered", Bytes(r.Missing)})
	}
	document = append(document, Member{"not_allowed", r.MissingAccess.String()})
	if !r.Live {
		var needed []Object
		for _, p := range r.Needed {
			needed = append(needed, permissionMembers(p))
		}
		document = append(document, Member{"would_cover_it", needed})
	}
	return document
}

// CanIDo is the result of "rbac can-i" about an action.
type CanIDo struct {
	User    string
	Action  access.Action
	Allowed bool
}

// Simple implements Result.
func (r CanIDo) Simple(t *Text) {
	t.Linef("%s", yesNo(r.Allowed))
	if r.Allowed {
		t.Linef("role root: %s", r.Action.Describe())
		return
	}
	t.Linef("would allow it: role root (%s)", r.Action.Describe())
}

// Table implements Result.
func (r CanIDo) Table() TableData {
	return oneRow("user", plainName(r.User), "action", string(r.Action), "allowed", yesNo(r.Allowed), "needs", "role "+access.RootRole)
}

// Document implements Result.
func (r CanIDo) Document() Object {
	return Object{{"allowed", r.Allowed}, {"user", r.User}, {"action", string(r.Action)}, {"needs_role", access.RootRole}}
}

// plainName returns the name of a user or role for a sentence, a cell or a list. A name
// that could be misread there is quoted.
func plainName(name string) string {
	if strings.ContainsAny(name, " ,:") {
		return quoted(name)
	}
	return cell([]byte(name))
}

func plainNames(names []string) []string {
	plain := make([]string, 0, len(names))
	for _, name := range names {
		plain = append(plain, plainName(name))
	}
	return plain
}

// describeKey returns a key as it is written in a sentence.
func describeKey(key []byte) string {
	return strings.TrimPrefix(access.Range{Key: key}.String(), "key ")
}
