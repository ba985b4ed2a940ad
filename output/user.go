package output

import (
	"bufio"
	"fmt"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// UserAdded is the result of "user add".
func UserAdded(name string, r *clientv3.AuthUserAddResponse) Change {
	return userChange((*pb.AuthUserAddResponse)(r), fmt.Sprintf("User %s created", name), name, "created")
}

// UserDeleted is the result of "user delete".
func UserDeleted(name string, r *clientv3.AuthUserDeleteResponse) Change {
	return userChange((*pb.AuthUserDeleteResponse)(r), fmt.Sprintf("User %s deleted", name), name, "deleted")
}

// PasswordChanged is the result of "user passwd".
func PasswordChanged(name string, r *clientv3.AuthUserChangePasswordResponse) Change {
	return userChange((*pb.AuthUserChangePasswordResponse)(r), "Password updated", name, "password updated")
}

// RoleGranted is the result of "user grant-role".
func RoleGranted(user, role string, r *clientv3.AuthUserGrantRoleResponse) Change {
	c := userChange((*pb.AuthUserGrantRoleResponse)(r), fmt.Sprintf("Role %s is granted to user %s", role, user), user, "granted")
	c.subject = append(c.subject, Member{"role", role})
	return c
}

// RoleRevoked is the result of "user revoke-role".
func RoleRevoked(user, role string, r *clientv3.AuthUserRevokeRoleResponse) Change {
	c := userChange((*pb.AuthUserRevokeRoleResponse)(r), fmt.Sprintf("Role %s is revoked from user %s", role, user), user, "revoked")
	c.subject = append(c.subject, Member{"role", role})
	return c
}

func userChange(response headed, line, user, action string) Change {
	return Change{response: response, line: line, subject: Object{{"user", user}}, action: action}
}

// UserList is the result of "user list".
type UserList struct {
	Response *clientv3.AuthUserListResponse
}

func (r UserList) response() *pb.AuthUserListResponse { return (*pb.AuthUserListResponse)(r.Response) }

// Simple implements Result.
func (r UserList) Simple(t *Text) {
	for _, user := range r.response().GetUsers() {
		t.Linef("%s", user)
	}
}

// fields writes the fields. etcdctl does not support fields for this command.
func (r UserList) fields(f *FieldText) { f.names("Users", r.response(), r.response().GetUsers()) }

func (r UserList) api() apiForms {
	return apiForms{message: r.response(), fields: r.fields}
}

// Table implements Result.
func (r UserList) Table() TableData { return nameTable("user", r.response().GetUsers()) }

// Document implements Result.
func (r UserList) Document() Object { return Object{{"users", r.response().GetUsers()}} }

// Items implements Lister.
func (r UserList) Items() []Object { return nameItems("user", r.response().GetUsers()) }

// UserInfo is the result of "user get".
type UserInfo struct {
	Name     string
	Response *clientv3.AuthUserGetResponse
}

func (r UserInfo) response() *pb.AuthUserGetResponse { return (*pb.AuthUserGetResponse)(r.Response) }

// Simple implements Result.
func (r UserInfo) Simple(t *Text) {
	t.Linef("User: %s", r.Name)
	roles := "Roles:"
	for _, role := range r.response().GetRoles() {
		roles += " " + role
	}
	t.Linef("%s", roles)
}

// fields writes the fields. etcdctl does not support fields for this command.
func (r UserInfo) fields(f *FieldText) { f.names("Roles", r.response(), r.response().GetRoles()) }

func (r UserInfo) api() apiForms {
	return apiForms{message: r.response(), fields: r.fields}
}

// Table implements Result: a row for each role.
func (r UserInfo) Table() TableData {
	t := TableData{Header: []string{"user", "role"}}
	for _, role := range r.response().GetRoles() {
		t.Rows = append(t.Rows, []string{cell([]byte(r.Name)), cell([]byte(role))})
	}
	if len(t.Rows) == 0 {
		t.Rows = [][]string{{cell([]byte(r.Name)), ""}}
	}
	return t
}

// Document implements Result.
func (r UserInfo) Document() Object {
	return Object{{"user", r.Name}, {"roles", r.response().GetRoles()}}
}

// UserDetail is the result of "user get --detail": the user with the permissions of their
// roles, in the order of the roles.
type UserDetail struct {
	Name     string
	Response *clientv3.AuthUserGetResponse
	Roles    []RoleInfo
}

// Simple implements Result.
func (r UserDetail) Simple(t *Text) {
	t.Linef("User: %s", r.Name)
	for _, role := range r.Roles {
		t.Linef("")
		role.Simple(t)
	}
}

// fields writes what etcdctl writes: lines of text before the fields of each role.
func (r UserDetail) fields(f *FieldText) {
	f.Linef("User: %s", r.Name)
	for _, role := range r.Roles {
		f.Linef("")
		role.fields(f)
	}
}

func (r UserDetail) api() apiForms {
	return apiForms{fields: r.fields, json: r.json(), protobuf: r.protobuf}
}

// protobuf writes what etcdctl writes: text between messages.
func (r UserDetail) protobuf(w *bufio.Writer) error {
	fmt.Fprintf(w, "User: %s\n", r.Name)
	for _, role := range r.Roles {
		_ = w.WriteByte('\n')
		if err := writeMessage(w, role.response()); err != nil {
			return err
		}
	}
	return nil
}

// json returns one document, while etcdctl mixes text and JSON. It has the API's response
// for the user, and the responses for the roles with their names.
func (r UserDetail) json() any {
	type roleDetail struct {
		Name string `json:"name"`
		*pb.AuthRoleGetResponse
	}
	document := struct {
		Name string `json:"name"`
		*pb.AuthUserGetResponse
		Permissions []roleDetail `json:"permissions"`
	}{Name: r.Name, AuthUserGetResponse: (*pb.AuthUserGetResponse)(r.Response), Permissions: []roleDetail{}}
	for _, role := range r.Roles {
		document.Permissions = append(document.Permissions, roleDetail{role.Name, role.response()})
	}
	return document
}

// Table implements Result: a row for each permission.
func (r UserDetail) Table() TableData {
	t := TableData{Header: append([]string{"user", "role"}, permissionColumns()...)}
	for _, role := range r.Roles {
		for _, row := range role.permissionRows() {
			t.Rows = append(t.Rows, append([]string{cell([]byte(r.Name)), cell([]byte(role.Name))}, row...))
		}
	}
	if len(t.Rows) == 0 {
		t.Rows = [][]string{{cell([]byte(r.Name)), "", "", "", "", ""}}
	}
	return t
}

// Document implements Result.
func (r UserDetail) Document() Object {
	roles := []Object{}
	for _, role := range r.Roles {
		roles = append(roles, role.Document())
	}
	return Object{{"user", r.Name}, {"roles", roles}}
}

// names writes a header and a field with a list of names, as etcdctl writes the list of
// roles.
func (f *FieldText) names(name string, response headed, values []string) {
	f.Header(response.GetHeader())
	line := fmt.Sprintf("%q :", name)
	for _, value := range values {
		line += fmt.Sprintf(" %q", value)
	}
	f.Linef("%s", line)
}

func nameTable(column string, names []string) TableData {
	t := TableData{Header: []string{column}}
	for _, name := range names {
		t.Rows = append(t.Rows, []string{cell([]byte(name))})
	}
	return t
}

func nameItems(member string, names []string) []Object {
	items := make([]Object, 0, len(names))
	for _, name := range names {
		items = append(items, Object{{member, name}})
	}
	return items
}
