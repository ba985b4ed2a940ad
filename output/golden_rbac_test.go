package output

import (
	"time"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/lint"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/policy"
)

func accessRange(key, end string) access.Range {
	return access.Range{Key: []byte(key), End: []byte(end)}
}

func accessGrant(role string, kind access.Access, key, end string) access.Grant {
	return access.Grant{Role: role, Permission: access.Permission{Access: kind, Range: accessRange(key, end)}}
}

// rbacCases are the results of rbac that are about users and roles as they are, and
// of whoami.
func rbacCases() []goldenCase {
	expiry := time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("", 3600))
	alice, odd := oddState().Effective("alice"), oddState().Effective("имя|*_`\u202e")
	appRange := accessRange("/app/", "/app0")
	allowed := access.Decision{Allowed: true, Grants: []access.Grant{accessGrant("app", access.ReadWrite, "/app/", "/app0")}}
	refused := access.Decision{
		Grants:  []access.Grant{accessGrant("half", access.Read, "\x01", "/a"), accessGrant("имя", access.ReadWrite, "b c", "")},
		Missing: []byte("\x01\xfe"), MissingAccess: access.Write,
		Needed: []access.Permission{
			accessGrant("", access.Write, "\x01", "/a").Permission,
			accessGrant("", access.ReadWrite, "/a", "b c").Permission,
			accessGrant("", access.ReadWrite, "b c\x00", "\xff").Permission,
		},
	}
	review := AccessMatrix{
		Matrix: oddState().Matrix(access.Everything()), State: oddState(), Keys: access.Everything(), Lint: oddFindings(),
		Cluster: AccessCluster{ID: 0xcdf818194e3a8c32, Endpoints: []string{"https://etcd1.example.com:2379", "https://etcd2.example.com:2379"}, Enabled: true, Revision: 42, At: expiry},
	}
	withPasswords := review
	withPasswords.WithoutPassword = map[string]bool{"alice": true}
	return []goldenCase{
		show("can-i-yes", CanI{User: "alice", Access: access.Read, Range: appRange, Decision: allowed}),
		show("can-i-no", CanI{User: "a, b", Access: access.ReadWrite, Range: accessRange("\x01", "\xff"), Decision: refused}),
		show("can-i-action-yes", CanIDo{User: "root", Action: access.Compact, Allowed: true}),
		show("can-i-action-no", CanIDo{User: "a, b", Action: access.Administer}),
		show("can-i-live-yes", CanI{Access: access.Write, Range: accessRange("k", ""), Live: true, Decision: access.Decision{Allowed: true}}),
		show("can-i-live-no", CanI{Access: access.ReadWrite, Range: accessRange("\x00", "\x00"), Live: true, Decision: access.Decision{MissingAccess: access.Write}}),
		show("whoami", WhoAmI{User: "alice", By: "password", Known: true, Enabled: true, Roles: []string{"app"}, Effective: alice, Token: &TokenInUse{}}),
		show("whoami-jwt", WhoAmI{User: "имя|*_`\u202e", By: "token", Known: true, Enabled: true, Roles: []string{"auditor, all", "root"}, Effective: odd,
			Token: &TokenInUse{JWT: true, Expiry: expiry}}),
		show("whoami-token", WhoAmI{By: "token", Enabled: true, Token: &TokenInUse{}}),
		show("whoami-certificate", WhoAmI{User: "gone", By: "certificate", Enabled: true, Certificate: &CertificateInUse{Subject: "CN=gone,O=\x1b[31mAcme", CommonName: "gone", NotAfter: expiry}}),
		show("whoami-nobody", WhoAmI{By: "nothing", Enabled: true}),
		show("whoami-off", WhoAmI{User: "alice", By: "password", Known: true, Roles: []string{"app"}, Effective: alice}),
		show("access-matrix", review),
		show("access-matrix-passwords", withPasswords),
		show("access-matrix-empty", AccessMatrix{Keys: accessRange("k", ""), Cluster: AccessCluster{At: expiry}}),
		show("who-can", WhoCan{Access: access.Read, Range: appRange, Holders: oddState().WhoCan(access.Read, appRange)}),
		show("who-can-nobody", WhoCan{Access: access.ReadWrite, Range: accessRange("k", "")}),
		show("lint", oddFindings()),
		show("lint-nothing", Lint{}),
	}
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

// commandLine writes steps as the commands do, as far as these findings have them.
func commandLine(s plan.Step) string {
	on := string(s.Permission.Range.Key)
	switch {
	case s.Permission.Range.IsEveryKey():
		on = " --prefix"
	case s.Permission.Range.IsPrefix():
		on += " --prefix"
	}
	return map[plan.Verb]string{
		plan.DeleteRole: "ectl role delete " + s.Role,
		plan.DeleteUser: "ectl user delete " + s.User,
		plan.RevokeRole: "ectl user revoke-role " + s.User + " " + s.Role,
		plan.RevokeKeys: "ectl role revoke-permission " + s.Role + " " + on,
		plan.GrantKeys:  "ectl role grant-permission " + s.Role + " " + s.Permission.Access.String() + " " + on,
	}[s.Verb]
}

func oddFindings() Lint {
	var r Lint
	findings := lint.Find(oddState())
	lint.Waive(findings, []policy.Waiver{{Rule: "whole-key-space", Object: "role auditor, all", Reason: "auditors see all <everything>"}})
	for _, f := range findings {
		finding := Finding{Finding: f}
		for _, step := range f.Fix {
			finding.CommandLines = append(finding.CommandLines, commandLine(step))
		}
		r.Findings = append(r.Findings, finding)
	}
	return r
}
