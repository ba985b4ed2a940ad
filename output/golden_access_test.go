package output

import (
	"strings"
	"time"

	"github.com/ectl-io/ectl/internal/access"
)

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
	expiry := time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("", 3600))
	add("WhoAmI", "whoami", WhoAmI{User: "alice", By: "password", Known: true, Enabled: true, Roles: []string{"app"}, Effective: oddState().Effective("alice"), Token: &TokenInUse{}})
	add("WhoAmI", "whoami-jwt", WhoAmI{User: "имя|*_`\u202e", By: "token", Known: true, Enabled: true, Roles: []string{"auditor, all", "root"}, Effective: oddState().Effective("имя|*_`\u202e"),
		Token: &TokenInUse{JWT: true, Expiry: expiry}})
	add("WhoAmI", "whoami-token", WhoAmI{By: "token", Enabled: true, Token: &TokenInUse{}})
	add("WhoAmI", "whoami-certificate", WhoAmI{User: "gone", By: "certificate", Enabled: true, Certificate: &CertificateInUse{Subject: "CN=gone,O=\x1b[31mAcme", CommonName: "gone", NotAfter: expiry}})
	add("WhoAmI", "whoami-nobody", WhoAmI{By: "nothing", Enabled: true})
	add("WhoAmI", "whoami-off", WhoAmI{User: "alice", By: "password", Known: true, Roles: []string{"app"}, Effective: oddState().Effective("alice")})
	review := AccessMatrix{
		Matrix: oddState().Matrix(access.Everything()), State: oddState(), Keys: access.Everything(), Lint: oddFindings(),
		Cluster: AccessCluster{ID: 0xcdf818194e3a8c32, Endpoints: []string{"https://etcd1.example.com:2379", "https://etcd2.example.com:2379"}, Enabled: true, Revision: 42, At: expiry},
	}
	add("AccessMatrix", "access-matrix", review)
	review.WithoutPassword = map[string]bool{"alice": true}
	add("AccessMatrix", "access-matrix-passwords", review)
	add("AccessMatrix", "access-matrix-empty", AccessMatrix{Keys: accessRange("k", ""), Cluster: AccessCluster{At: expiry}})
	add("WhoCan", "who-can", WhoCan{Access: access.Read, Range: accessRange("/app/", "/app0"), Holders: oddState().WhoCan(access.Read, accessRange("/app/", "/app0"))})
	add("WhoCan", "who-can-nobody", WhoCan{Access: access.ReadWrite, Range: accessRange("k", "")})
	add("Lint", "lint", oddFindings())
	add("Lint", "lint-nothing", Lint{})
	return cases
}

// oddState is users and roles with names and keys that are hard to show.
func oddState() access.State {
	s := access.NewState()
	for _, r := range []access.Role{
		{Name: access.RootRole},
		{Name: "app", Permissions: []access.Permission{
			accessGrant("", access.ReadWrite, "/app/", "/app0").Permission, accessGrant("", access.Read, "/app/secret", "").Permission, accessGrant("", access.Write, "/log/*", "").Permission,
		}},
		{Name: "</script><script>alert(1)</script>", Permissions: []access.Permission{
			accessGrant("", access.Read, "<img src=x onerror=alert(2)>", "<imh").Permission, accessGrant("", access.ReadWrite, "\x00\xff", "\x01").Permission,
		}},
		{Name: "auditor, all", Permissions: []access.Permission{accessGrant("", access.Read, "\x00", "\x00").Permission}},
		{Name: "empty"},
	} {
		s.Roles[r.Name] = r
	}
	for _, u := range []access.User{
		{Name: access.RootUser, Roles: []string{access.RootRole}},
		{Name: "alice", Roles: []string{"app"}},
		{Name: "имя|*_`\u202e", Roles: []string{"auditor, all", "root"}},
		{Name: "\"><b onmouseover='alert(3)'>", Roles: []string{"</script><script>alert(1)</script>", "app"}},
		{Name: "none"},
	} {
		s.Users[u.Name] = u
	}
	return s
}

func oddFindings() Lint {
	var r Lint
	findings := access.Lint(oddState())
	access.Waive(findings, []access.Waiver{{Rule: "whole-key-space", Object: "role auditor, all", Reason: "auditors see all <everything>"}})
	for _, f := range findings {
		finding := Finding{Finding: f}
		for _, args := range f.Commands {
			finding.Mend = append(finding.Mend, "ectl "+strings.Join(args, " "))
		}
		r.Findings = append(r.Findings, finding)
	}
	return r
}
