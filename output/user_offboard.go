package output

import pb "go.etcd.io/etcd/api/v3/etcdserverpb"

// UserOffboarded is the result of "user offboard".
type UserOffboarded struct {
	Name       string
	Roles      []string           // the revoked roles
	Deleted    bool               // false if the user did not exist
	Header     *pb.ResponseHeader // of the last change; nil if nothing changed
	Idempotent bool               // the command may be run again
}

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

func (r UserOffboarded) fields(f *FieldText) {
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

func (r UserOffboarded) api() apiForms {
	document := struct {
		Header  *pb.ResponseHeader `json:"header,omitempty"`
		Revoked []string           `json:"revoked"`
	}{r.Header, r.Roles}
	if document.Revoked == nil {
		document.Revoked = []string{}
	}
	forms := apiForms{visible: true, fields: r.fields, json: document}
	if r.Header != nil {
		forms.message = &pb.AuthUserDeleteResponse{Header: r.Header}
	}
	if r.Idempotent {
		forms.jsonMore = Object{{"changed", r.Deleted}}
	}
	return forms
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
	return Object{{"user", r.Name}, {"revoked", r.Roles}, {"result", r.result()}, {"changed", r.Deleted}}
}
