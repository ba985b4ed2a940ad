package output

import (
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/protobuf/proto"
)

// UserWithRoles is the result of "user add" with roles.
type UserWithRoles struct {
	Name       string
	Created    bool               // otherwise the user was there
	Granted    []string           // roles
	Password   string             // that was generated, if any
	Header     *pb.ResponseHeader // of the last change, nil without one
	Idempotent bool               // the command may be run again
}

func (r UserWithRoles) changed() bool { return r.Created || len(r.Granted) > 0 }

// result says in a word what has become of the user.
func (r UserWithRoles) result() string {
	switch {
	case r.Created:
		return "created"
	case len(r.Granted) > 0:
		return "granted"
	}
	return "unchanged"
}

// Simple implements Result.
func (r UserWithRoles) Simple(t *Text) {
	if r.Created {
		t.Linef("User %s created", r.Name)
	}
	if r.Password != "" {
		t.Linef("Password: %s", r.Password)
	}
	for _, role := range r.Granted {
		t.Linef("Role %s is granted to user %s", role, r.Name)
	}
}

// Fields implements Result.
func (r UserWithRoles) Fields(f *FieldText) {
	if r.Header != nil {
		f.Header(r.Header)
	}
	f.Field("Created", r.Created)
	if r.Password != "" {
		f.Quoted("Password", r.Password)
	}
	for _, role := range r.Granted {
		f.Quoted("Role", role)
	}
	if r.Idempotent {
		f.Field("Changed", r.changed())
	}
}

// Message implements Result. The responses of the API hold nothing but the
// header.
func (r UserWithRoles) Message() proto.Message {
	if r.Header == nil {
		return nil
	}
	return &pb.AuthUserAddResponse{Header: r.Header}
}

func (r UserWithRoles) jsonDocument() any {
	document := struct {
		Header  *pb.ResponseHeader `json:"header,omitempty"`
		Created bool               `json:"created"`
		Roles   []string           `json:"granted"`
	}{r.Header, r.Created, r.Granted}
	if document.Roles == nil {
		document.Roles = []string{}
	}
	return document
}

func (r UserWithRoles) addedJSON() Object {
	var added Object
	if r.Password != "" {
		added = append(added, Member{"password", r.Password})
	}
	if r.Idempotent {
		added = append(added, Member{"changed", r.changed()})
	}
	return added
}

// Table implements Result: a row for each role.
func (r UserWithRoles) Table() TableData {
	t := TableData{Header: []string{"user", "role"}}
	ending := []string{r.result()}
	if r.Password != "" {
		t.Header = append(t.Header, "password")
		ending = []string{r.Password, r.result()}
	}
	t.Header = append(t.Header, "result")
	granted := r.Granted
	if len(granted) == 0 {
		granted = []string{""}
	}
	for _, role := range granted {
		t.Rows = append(t.Rows, append([]string{cell([]byte(r.Name)), cell([]byte(role))}, ending...))
	}
	return t
}

// Document implements Result.
func (r UserWithRoles) Document() Object {
	document := Object{{"user", Bytes(r.Name)}, {"granted", r.Granted}}
	if r.Password != "" {
		document = append(document, Member{"password", r.Password})
	}
	return append(document, Member{"result", r.result()}, Member{"changed", r.changed()})
}
