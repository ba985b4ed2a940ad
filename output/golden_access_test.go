package output

import "github.com/ectl-io/ectl/internal/access"

func accessRange(key, end string) access.Range {
	return access.Range{Key: []byte(key), End: []byte(end)}
}

func accessGrant(role string, kind access.Access, key, end string) access.Grant {
	return access.Grant{Role: role, Permission: access.Permission{Access: kind, Range: accessRange(key, end)}}
}

// accessResults are those of "rbac".
func accessResults() []printed {
	var cases []printed
	add := func(of, name string, r Result) {
		cases = append(cases, printed{name: name, of: of, own: FormatsOf(r), write: func(p *Printer) error { return p.Print(r) }})
	}
	add("CanI", "can-i-yes", CanI{User: "alice", Access: access.Read, Range: accessRange("/app/", "/app0"), Decision: access.Decision{
		Allowed: true, Grants: []access.Grant{accessGrant("app", access.ReadWrite, "/app/", "/app0")}}})
	add("CanI", "can-i-no", CanI{User: "a, b", Access: access.ReadWrite, Range: accessRange("\x01", "\xff"), Decision: access.Decision{
		Grants:  []access.Grant{accessGrant("half", access.Read, "\x01", "/a"), accessGrant("имя", access.ReadWrite, "b c", "")},
		Missing: []byte("\x01\xfe"), MissingAccess: access.Write,
		Needed: []access.Permission{
			accessGrant("", access.Write, "\x01", "/a").Permission,
			accessGrant("", access.ReadWrite, "/a", "b c").Permission,
			accessGrant("", access.ReadWrite, "b c\x00", "\xff").Permission,
		}}})
	add("CanI", "can-i-live-yes", CanI{Access: access.Write, Range: accessRange("k", ""), Live: true, Decision: access.Decision{Allowed: true}})
	add("CanI", "can-i-live-no", CanI{Access: access.ReadWrite, Range: accessRange("\x00", "\x00"), Live: true, Decision: access.Decision{MissingAccess: access.Write}})
	return cases
}
