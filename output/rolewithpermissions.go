package output

import (
	"go.etcd.io/etcd/api/v3/authpb"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/protobuf/proto"

	"github.com/ectl-io/ectl/internal/access"
)

// RoleWithPermissions is the result of "role add" with permissions.
type RoleWithPermissions struct {
	Name       string
	Created    bool                 // otherwise the role was there
	Granted    []*authpb.Permission // what was granted, as the role has it now
	Header     *pb.ResponseHeader   // of the last change, nil without one
	Idempotent bool                 // the command may be run again
}

func (r RoleWithPermissions) changed() bool { return r.Created || len(r.Granted) > 0 }

// result says in a word what has become of the role.
func (r RoleWithPermissions) result() string {
	switch {
	case r.Created:
		return "created"
	case len(r.Granted) > 0:
		return "granted"
	}
	return "unchanged"
}

// Simple implements Result.
func (r RoleWithPermissions) Simple(t *Text) {
	if r.Created {
		t.Linef("Role %s created", r.Name)
	}
	for _, p := range r.Granted {
		t.Linef("Role %s is granted %s on %s", r.Name, accessName(p.GetPermType()), access.Range{Key: p.GetKey(), End: p.GetRangeEnd()})
	}
}

// Fields implements Result: the fields of "role get", of what was granted.
func (r RoleWithPermissions) Fields(f *FieldText) {
	if r.Header != nil {
		f.Header(r.Header)
	}
	f.Field("Created", r.Created)
	f.permissions(r.Granted)
	if r.Idempotent {
		f.Field("Changed", r.changed())
	}
}

// Message implements Result. The responses of the API hold nothing but the
// header.
func (r RoleWithPermissions) Message() proto.Message {
	if r.Header == nil {
		return nil
	}
	return &pb.AuthRoleAddResponse{Header: r.Header}
}

// jsonDocument has the permissions as the response of "role get" has them.
func (r RoleWithPermissions) jsonDocument() any {
	document := struct {
		Header  *pb.ResponseHeader   `json:"header,omitempty"`
		Created bool                 `json:"created"`
		Granted []*authpb.Permission `json:"granted"`
	}{r.Header, r.Created, r.Granted}
	if document.Granted == nil {
		document.Granted = []*authpb.Permission{}
	}
	return document
}

func (r RoleWithPermissions) addedJSON() Object {
	if !r.Idempotent {
		return nil
	}
	return Object{{"changed", r.changed()}}
}

// Table implements Result: a row for each permission.
func (r RoleWithPermissions) Table() TableData {
	t := TableData{Header: append(append([]string{"role"}, permissionColumns()...), "result")}
	for _, p := range r.Granted {
		t.Rows = append(t.Rows, append(append([]string{cell([]byte(r.Name))}, permissionCells(p)...), r.result()))
	}
	if len(t.Rows) == 0 {
		t.Rows = [][]string{{cell([]byte(r.Name)), "", "", "", "", r.result()}}
	}
	return t
}

// Document implements Result.
func (r RoleWithPermissions) Document() Object {
	granted := []Object{}
	for _, p := range r.Granted {
		granted = append(granted, permissionObject(p))
	}
	return Object{{"role", Bytes(r.Name)}, {"granted", granted}, {"result", r.result()}, {"changed", r.changed()}}
}
