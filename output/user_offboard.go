package output

import (
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/protobuf/proto"
)

// UserOffboarded is the result of "user offboard".
type UserOffboarded struct {
	Name       string
	Roles      []string           // that were revoked
	Deleted    bool               // otherwise there was no such user
	Header     *pb.ResponseHeader // of the last change, nil without one
	Idempotent bool               // the command may be run again
}

func (UserOffboarded) ownResult() {}

func (r UserOffboarded) result() string {
	if r.Deleted {
		return "deleted"
	}
	return "unchanged"
}

// Simple implements Result.
func (r UserOffboarded) Simple(t *Text) {
	for _, role := range r.Roles {
		t.Linef("Role %s is revoked from user %s", cell([]byte(role)), cell([]byte(r.Name)))
	}
	if r.Deleted {
		t.Linef("User %s deleted", cell([]byte(r.Name)))
	}
}

// Fields implements Result.
func (r UserOffboarded) Fields(f *FieldText) {
	if r.Header != nil {
		f.Header(r.Header)
	}
	for _, role := range r.Roles {
		f.Quoted("Role", role)
	}
	if r.Idempotent {
		f.Field("Changed", r.Deleted)
	}
}

// Message implements Result. The responses of the API hold nothing but the
// header.
func (r UserOffboarded) Message() proto.Message {
	if r.Header == nil {
		return nil
	}
	return &pb.AuthUserDeleteResponse{Header: r.Header}
}

func (r UserOffboarded) jsonDocument() any {
	document := struct {
		Header  *pb.ResponseHeader `json:"header,omitempty"`
		Revoked []string           `json:"revoked"`
	}{r.Header, r.Roles}
	if document.Revoked == nil {
		document.Revoked = []string{}
	}
	return document
}

func (r UserOffboarded) addedJSON() Object {
	if !r.Idempotent {
		return nil
	}
	return Object{{"changed", r.Deleted}}
}

// Table implements Result: a row for each role.
func (r UserOffboarded) Table() TableData {
	t := TableData{Header: []string{"user", "role", "result"}}
	for _, role := range r.Roles {
		t.Rows = append(t.Rows, []string{cell([]byte(r.Name)), cell([]byte(role)), "revoked"})
	}
	t.Rows = append(t.Rows, []string{cell([]byte(r.Name)), "", r.result()})
	return t
}

// Document implements Result.
func (r UserOffboarded) Document() Object {
	return Object{{"user", Bytes(r.Name)}, {"revoked", r.Roles}, {"result", r.result()}, {"changed", r.Deleted}}
}
