package output

import (
	"fmt"
	"strings"

	"go.etcd.io/etcd/api/v3/authpb"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/access"
)

// RoleAdded is the result of "role add".
func RoleAdded(name string, r *clientv3.AuthRoleAddResponse) Change {
	return roleChange((*pb.AuthRoleAddResponse)(r), fmt.Sprintf("Role %s created", name), name, "created")
}

// RoleDeleted is the result of "role delete".
func RoleDeleted(name string, r *clientv3.AuthRoleDeleteResponse) Change {
	return roleChange((*pb.AuthRoleDeleteResponse)(r), fmt.Sprintf("Role %s deleted", name), name, "deleted")
}

// PermissionGranted is the result of "role grant-permission".
func PermissionGranted(role string, p access.Permission, r *clientv3.AuthRoleGrantPermissionResponse) Change {
	c := roleChange((*pb.AuthRoleGrantPermissionResponse)(r), fmt.Sprintf("Role %s updated", role), role, "granted")
	c.subject = append(c.subject, Member{"access", p.Access.String()})
	c.subject = append(c.subject, rangeMembers(p.Range.Key, p.Range.End)...)
	return c
}

// PermissionRevoked is the result of "role revoke-permission". named is the key as the
// user entered it, for etcdctl's sentence.
func PermissionRevoked(role, named, key, rangeEnd string, r *clientv3.AuthRoleRevokePermissionResponse) Change {
	var line string
	switch rangeEnd {
	case "":
		line = fmt.Sprintf("Permission of key %s is revoked from role %s", named, role)
	case access.OpenEnd:
		line = fmt.Sprintf("Permission of range [%s, <open ended> is revoked from role %s", named, role)
	default:
		line = fmt.Sprintf("Permission of range [%s, %s) is revoked from role %s", named, rangeEnd, role)
	}
	c := roleChange((*pb.AuthRoleRevokePermissionResponse)(r), line, role, "revoked")
	c.subject = append(c.subject, rangeMembers([]byte(key), []byte(rangeEnd))...)
	return c
}

func roleChange(response headed, line, role, action string) Change {
	return Change{response: response, line: line, subject: Object{{"role", role}}, action: action}
}

func rangeMembers(key, end []byte) Object {
	return Object{
		{"key", Bytes(key)},
		{"range_end", Bytes(end)},
		{"description", access.Range{Key: key, End: end}.String()},
	}
}

// RoleList is the result of "role list".
type RoleList struct {
	Response *clientv3.AuthRoleListResponse
}

func (r RoleList) response() *pb.AuthRoleListResponse { return (*pb.AuthRoleListResponse)(r.Response) }

// Simple implements Result.
func (r RoleList) Simple(t *Text) {
	for _, role := range r.response().GetRoles() {
		t.Linef("%s", role)
	}
}

func (r RoleList) fields(f *FieldText) { f.names("Roles", r.response(), r.response().GetRoles()) }

func (r RoleList) api() apiForms {
	return apiForms{message: r.response(), fields: r.fields}
}

// Table implements Result.
func (r RoleList) Table() TableData { return nameTable("role", r.response().GetRoles()) }

// Document implements Result.
func (r RoleList) Document() Object { return Object{{"roles", r.response().GetRoles()}} }

// Items implements Lister.
func (r RoleList) Items() []Object { return nameItems("role", r.response().GetRoles()) }

// RoleInfo is the result of "role get".
type RoleInfo struct {
	Name     string
	Response *clientv3.AuthRoleGetResponse
	Holders  []string // users who hold the role; nil if unknown
}

func (r RoleInfo) response() *pb.AuthRoleGetResponse { return (*pb.AuthRoleGetResponse)(r.Response) }

// allowsEverything reports whether the role is root. The server allows it everything,
// whatever is granted to it.
func (r RoleInfo) allowsEverything() bool { return r.Name == access.RootRole }

// Simple implements Result.
func (r RoleInfo) Simple(t *Text) {
	t.Linef("Role %s", r.Name)
	perms := r.response().GetPerm()
	everything := r.allowsEverything() && len(perms) == 0
	for _, section := range []struct {
		title  string
		allows authpb.Permission_Type
	}{{"KV Read:", authpb.READ}, {"KV Write:", authpb.WRITE}} {
		t.Linef("%s", section.title)
		if everything {
			t.Linef("\t[, <open ended>")
		}
		for _, perm := range perms {
			if perm.GetPermType() == section.allows || perm.GetPermType() == authpb.READWRITE {
				t.Linef("\t%s", simpleRange(string(perm.GetKey()), string(perm.GetRangeEnd())))
			}
		}
	}
}

// simpleRange returns a range in etcdctl's notation.
func simpleRange(key, end string) string {
	var text string
	switch end {
	case "":
		return key
	case access.OpenEnd:
		text = fmt.Sprintf("[%s, <open ended>", key)
	default:
		text = fmt.Sprintf("[%s, %s)", key, end)
	}
	if key != "" && clientv3.GetPrefixRangeEnd(key) == end {
		text += fmt.Sprintf(" (prefix %s)", key)
	}
	return text
}

func (r RoleInfo) fields(f *FieldText) {
	f.Header(r.response().GetHeader())
	f.permissions(r.response().GetPerm())
}

func (f *FieldText) permissions(permissions []*authpb.Permission) {
	for _, perm := range permissions {
		f.Field("PermType", " "+perm.GetPermType().String()) // etcdctl writes two spaces here
		f.Quoted("Key", string(perm.GetKey()))
		f.Quoted("RangeEnd", string(perm.GetRangeEnd()))
	}
}

func (r RoleInfo) api() apiForms {
	return apiForms{message: r.response(), fields: r.fields}
}

const everythingDescription = "every key (role root)"

// Table implements Result: a row for each permission, with all holders of the role. A role
// without permissions has a row for its holders.
func (r RoleInfo) Table() TableData {
	users := "unknown"
	if r.Holders != nil {
		users = strings.Join(plainNames(r.Holders), ", ")
	}
	t := TableData{Header: append(permissionColumns(), "users")}
	for _, row := range r.permissionRows() {
		t.Rows = append(t.Rows, append(row, users))
	}
	if len(t.Rows) == 0 && len(r.Holders) > 0 {
		t.Rows = [][]string{{"", "", "", "", users}}
	}
	return t
}

// permissionRows returns the cells of permissionColumns for each permission.
func (r RoleInfo) permissionRows() [][]string {
	var rows [][]string
	for _, perm := range r.response().GetPerm() {
		rows = append(rows, permissionCells(perm))
	}
	if r.allowsEverything() && len(rows) == 0 {
		rows = [][]string{{accessName(authpb.READWRITE), "", "", everythingDescription}}
	}
	return rows
}

// Document implements Result.
func (r RoleInfo) Document() Object {
	permissions := []Object{}
	for _, perm := range r.response().GetPerm() {
		permissions = append(permissions, permissionObject(perm))
	}
	if r.allowsEverything() && len(permissions) == 0 {
		permissions = append(permissions, Object{{"access", accessName(authpb.READWRITE)}, {"description", everythingDescription}})
	}
	document := Object{{"role", r.Name}, {"permissions", permissions}}
	if r.Holders != nil {
		document = append(document, Member{"users", r.Holders})
	}
	return document
}
