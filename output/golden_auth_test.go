package output

import (
	"time"

	"go.etcd.io/etcd/api/v3/authpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/reader"
)

func permission(kind authpb.Permission_Type, key, end string) *authpb.Permission {
	return &authpb.Permission{PermType: kind, Key: []byte(key), RangeEnd: []byte(end)}
}

func role(name string, permissions ...*authpb.Permission) RoleInfo {
	return RoleInfo{Name: name, Response: &clientv3.AuthRoleGetResponse{Header: header(), Perm: permissions}}
}

func appRole() RoleInfo {
	return role("app",
		permission(authpb.READ, "/config", ""),
		permission(authpb.WRITE, "/log/", "/log0"),
		permission(authpb.READWRITE, "/app/", "/app0"),
		permission(authpb.READ, "/from", "\x00"),
		permission(authpb.READ, "a", "c"),
		permission(authpb.READWRITE, "\x00", "\x00"))
}

func binaryRole() RoleInfo {
	return role("binary", permission(authpb.READ, "\xff\x80", ""), permission(authpb.READWRITE, "\x01\x02", "\xfe"), permission(authpb.WRITE, "two\nlines", "\xff"))
}

// authCases are the results of auth.
func authCases() []goldenCase {
	h := header()
	status := AuthStatus{&clientv3.AuthStatusResponse{Header: h, Enabled: true, AuthRevision: 17}}
	bootstrapped := Bootstrap{Steps: []BootstrapStep{
		{Line: "Password of root generated", Passwords: []GeneratedPassword{{User: "root", Password: "Kp7vQmZ3xTnR8sWdYb4hJcGf"}}},
		{Line: "Role root exists", Changed: false},
		{Line: "User root created", Changed: true},
		{Line: "Passwords of the policy generated", Passwords: []GeneratedPassword{{User: "a b", Password: "x"}, {User: "bob", Password: "y"}}},
		{Line: "Policy applied", Changed: true},
		{Line: "Authentication enabled", Changed: true},
	}}
	return []goldenCase{
		show("auth-enabled", AuthSwitched{Enabled: true}),
		show("auth-disabled", AuthSwitched{Enabled: false}),
		show("auth-status-on", status),
		show("auth-status-on", status).withHex(),
		show("auth-status-off", AuthStatus{&clientv3.AuthStatusResponse{Header: h, AuthRevision: 1}}),
		show("login", Login{User: "root", Endpoints: []string{"https://a:2379", "https://b:2379"}, Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}),
		show("login-until", Login{User: "a b", Endpoints: []string{"a:2379"}, Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Expiry: time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC)}),
		show("contexts", Contexts{List: []ContextItem{
			{Name: "prod", Current: true, Protected: true, Endpoints: "https://a:2379,https://b:2379", User: "root"},
			{Name: "dev", User: "two\nlines"},
		}}),
		show("contexts-none", Contexts{}),
		show("context-shown", ContextShown{Name: "prod", Protected: true, Options: []ContextOption{
			{"endpoints", "https://a:2379", "the context prod"}, {"user", "two\nlines", "--as"}, {"write-out", "simple", "default"},
		}}),
		show("context-shown-none", ContextShown{}),
		show("context-added", ContextChanged{Change: "added", Names: []string{"prod"}}),
		show("context-user-added", ContextChanged{Change: "added", Names: []string{"prod"}, User: "two\nlines"}),
		show("context-renamed", ContextChanged{Change: "renamed", Names: []string{"old", "new"}}),
		show("context-used", ContextChanged{Change: "used", Names: []string{"prod"}}),
		show("context-unused", ContextChanged{Change: "used", Names: []string{}}),
		show("contexts-deleted", ContextChanged{Change: "deleted", Names: []string{"a", "b"}}),
		show("logout", Logout{Users: []string{"root", "two\nlines"}}),
		show("logout-of-no-user", Logout{}),
		showAll("bootstrapped", func(p *Printer) error {
			stream := p.Bootstrap()
			for _, step := range bootstrapped.Steps {
				if err := stream.Next(step); err != nil {
					return err
				}
			}
			return stream.End()
		}),
	}
}

// userCases are the results of user.
func userCases() []goldenCase {
	h := header()
	added := UserAdded("bob", &clientv3.AuthUserAddResponse{Header: h})
	passwd := PasswordChanged("bob", &clientv3.AuthUserChangePasswordResponse{Header: h})
	revoked := RoleRevoked("bob", "app", &clientv3.AuthUserRevokeRoleResponse{Header: h})
	withRoles := func(a WithGrants[string]) UserWithRoles {
		a.Name = "bob"
		return UserWithRoles{a}
	}
	bothRoles := []string{"app", "readers"}
	ofBob := PasswordOfUser{GeneratedPassword: GeneratedPassword{User: "bob", Password: "Kp7vQmZ3xTnR8sWdYb4hJcGf"}}
	ofBobWithRoles := PasswordOfUser{GeneratedPassword: ofBob.GeneratedPassword, Roles: bothRoles}
	list := func(names ...string) UserList {
		return UserList{&clientv3.AuthUserListResponse{Header: h, Users: names}}
	}
	user := func(roles ...string) *clientv3.AuthUserGetResponse {
		return &clientv3.AuthUserGetResponse{Header: h, Roles: roles}
	}
	certificate := func(r UserCertificate) UserCertificate {
		r.User, r.CertFile, r.Issuer = "bob", "bob.crt", "CN=etcd ca,O=Acme\\, Inc."
		r.Serial, r.NotBefore, r.NotAfter = "5f3a9c0011223344", "2026-01-02T03:04:05Z", "2026-04-02T03:04:05Z"
		return r
	}
	return []goldenCase{
		show("user-added", added),
		show("user-added", added).withHex(),
		show("user-added-idempotent", added.Idempotent()),
		show("user-added-unchanged", added.Idempotent().Unchanged()),
		showParts("user-added-generated-password", ofBob, added.Idempotent()),
		showParts("user-added-generated-password-failed", ofBob, UserAdded("bob", nil).Failed(false)),
		showParts("user-added-generated-password-unknown", ofBob, UserAdded("bob", nil).Failed(true)),
		show("user-with-roles", withRoles(WithGrants[string]{Created: true, Header: h, Granted: bothRoles})),
		show("users-imported", UsersImported{Users: []UserWithRoles{
			withRoles(WithGrants[string]{Created: true, Header: h, Granted: bothRoles}),
			withRoles(WithGrants[string]{Header: h, Granted: []string{"app"}}),
			withRoles(WithGrants[string]{}),
		}}),
		show("user-with-roles-granted", withRoles(WithGrants[string]{Header: h, Granted: []string{"app"}, Idempotent: true})),
		show("user-with-roles-unchanged", withRoles(WithGrants[string]{Idempotent: true})),
		showParts("user-with-roles-generated-password", ofBobWithRoles, withRoles(WithGrants[string]{Created: true, Header: h, Granted: bothRoles, Idempotent: true})),
		showParts("user-with-roles-generated-password-failed", ofBobWithRoles, withRoles(WithGrants[string]{Idempotent: true, Failed: true})),
		show("user-deleted", UserDeleted("bob", &clientv3.AuthUserDeleteResponse{Header: h})),
		show("user-deleted-unchanged", UserDeleted("bob", nil).Unchanged()),
		show("password-changed", passwd),
		showParts("password-changed-generated", ofBob, passwd.Idempotent()),
		show("role-granted", RoleGranted("bob", "app", &clientv3.AuthUserGrantRoleResponse{Header: h})),
		show("dry-run", DryRun{[]string{"add user a b", "grant role app to user a\x1bb"}}),
		show("dry-run-empty", DryRun{}),
		show("role-granted-again", RoleGranted("bob", "app", &clientv3.AuthUserGrantRoleResponse{Header: h}).WithoutEffect()),
		show("role-revoked", revoked),
		show("role-revoked-unchanged", revoked.Unchanged()),
		show("user-list", list("root", "bob", "имя", "a,b")),
		show("user-list-empty", list()),
		show("user-details", UserDetails{oddState(), map[string]bool{"alice": true}}),
		show("user-details-unknown", UserDetails{State: oddState()}),
		show("user-details-empty", UserDetails{State: access.NewState()}),
		show("user-info", UserInfo{"bob", user("app", "readers")}),
		show("user-info-without-roles", UserInfo{"bob", user()}),
		show("user-detail", UserDetail{"bob", user("app", "binary", "empty"), []RoleInfo{appRole(), binaryRole(), role("empty")}}),
		show("user-detail-root", UserDetail{"root", user("root"), []RoleInfo{role("root")}}),
		show("user-detail-without-roles", UserDetail{"bob", user(), nil}),
		show("user-certificate", certificate(UserCertificate{KeyFile: "/etc/keys/bob.key"})),
		show("user-certificate-created", certificate(UserCertificate{Created: true})),
		show("user-certificate-unchanged", certificate(UserCertificate{Unchanged: true})),
		show("certificate-request", CertificateRequest{User: "bob", RequestFile: "bob.csr", KeyFile: "bob.key"}),
		show("certificate-request-created", CertificateRequest{User: "bob", Created: true, RequestFile: "bob.csr", KeyFile: "bob.key"}),
		show("password-checked-yes", PasswordChecked{User: "bob", Right: true}),
		show("password-checked-no", PasswordChecked{User: "bob", Reason: "it is another one, or there is no such user"}),
		show("user-offboarded", UserOffboarded{Name: "bob", Roles: []string{"app", "readers"}, Deleted: true, Header: header()}),
		show("user-offboarded-idempotent", UserOffboarded{Name: "bob", Deleted: true, Header: header(), Idempotent: true}),
		show("user-offboarded-unchanged", UserOffboarded{Name: "bob", Idempotent: true}),
	}
}

// roleCases are the results of role.
func roleCases() []goldenCase {
	h := header()
	granted := func(kind authpb.Permission_Type, key, end string) Change {
		return PermissionGranted("app", reader.Permission(permission(kind, key, end)), &clientv3.AuthRoleGrantPermissionResponse{Header: h})
	}
	revoked := func(named, key, end string) Change {
		return PermissionRevoked("app", named, key, end, &clientv3.AuthRoleRevokePermissionResponse{Header: h})
	}
	withPermissions := func(a WithGrants[*authpb.Permission]) RoleWithPermissions {
		a.Name = "app"
		return RoleWithPermissions{a}
	}
	both := []*authpb.Permission{permission(authpb.READWRITE, "/app/", "/app0"), permission(authpb.READ, "\xff\x00", "")}
	list := func(names ...string) RoleList {
		return RoleList{&clientv3.AuthRoleListResponse{Header: h, Roles: names}}
	}
	return []goldenCase{
		show("role-added", RoleAdded("app", &clientv3.AuthRoleAddResponse{Header: h})),
		show("role-added-unchanged", RoleAdded("app", nil).Unchanged()),
		show("role-with-permissions", withPermissions(WithGrants[*authpb.Permission]{Created: true, Header: h, Granted: both})),
		show("role-with-permissions-granted", withPermissions(WithGrants[*authpb.Permission]{Header: h, Granted: both, Idempotent: true})),
		show("role-with-permissions-unchanged", withPermissions(WithGrants[*authpb.Permission]{Idempotent: true})),
		show("role-deleted", RoleDeleted("app", &clientv3.AuthRoleDeleteResponse{Header: h})),
		show("role-deleted-idempotent", RoleDeleted("app", &clientv3.AuthRoleDeleteResponse{Header: h}).Idempotent()),
		show("permission-granted-key", granted(authpb.READ, "/config", "")),
		show("permission-granted-prefix", granted(authpb.READWRITE, "/app/", "/app0")),
		show("permission-granted-everything", granted(authpb.WRITE, "\x00", "\x00")),
		show("permission-granted-binary", granted(authpb.WRITE, "\xff\x00", "\xff\x01")),
		show("permission-granted-again", granted(authpb.READ, "/config", "").WithoutEffect()),
		show("permission-revoked-key", revoked("/config", "/config", "")),
		show("permission-revoked-range", revoked("/app/", "/app/", "/app0")),
		show("permission-revoked-open", revoked("", "\x00", "\x00")),
		show("permission-revoked-unchanged", revoked("/config", "/config", "").Unchanged()),
		show("role-list", list("app", "root")),
		show("role-list", list("app", "root")).withHex(),
		show("role-list-empty", list()),
		show("role-info", appRole()),
		show("role-info-holders", RoleInfo{"app", appRole().Response, []string{"alice", "имя"}}),
		show("role-details", RoleDetails{oddState()}),
		show("role-details-empty", RoleDetails{access.NewState()}),
		show("role-info-empty", role("empty")),
		show("role-info-root", role("root")),
		show("role-info-root-with-permissions", role("root", permission(authpb.READ, "/config", ""))),
		show("role-info-binary", binaryRole()),
	}
}
