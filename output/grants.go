package output

import pb "go.etcd.io/etcd/api/v3/etcdserverpb"

// WithGrants is the result of adding a role with its permissions, or a user with roles.
type WithGrants[Granted any] struct {
	Name       string
	Created    bool               // false if it already existed
	Granted    []Granted          // only grants that it did not already have
	Header     *pb.ResponseHeader // of the last change; nil if nothing changed
	Idempotent bool               // the command may be run again
	Failed     bool               // all changes were rolled back, unless Unknown is true
	Unknown    bool               // it is unknown whether all changes were rolled back
}

// changed reports whether anything was changed. It returns nil if that is unknown.
func (a WithGrants[Granted]) changed() any {
	if a.Unknown {
		return nil
	}
	return a.Created || len(a.Granted) > 0
}

// result returns the outcome in one word.
func (a WithGrants[Granted]) result() string {
	switch {
	case a.Unknown:
		return "unknown"
	case a.Failed:
		return "failed"
	case a.Created:
		return "created"
	case len(a.Granted) > 0:
		return "granted"
	}
	return "unchanged"
}

// forms returns the forms of the API. The responses to all of these requests hold only
// the header, so one type of message represents them all.
func (a WithGrants[Granted]) forms(fields func(*FieldText)) apiForms {
	document := struct {
		Header  *pb.ResponseHeader `json:"header,omitempty"`
		Created bool               `json:"created"`
		Granted []Granted          `json:"granted"`
	}{a.Header, a.Created, a.Granted}
	if document.Granted == nil {
		document.Granted = []Granted{}
	}
	forms := apiForms{visible: true, fields: fields, json: document}
	if a.Header != nil {
		forms.message = &pb.AuthUserAddResponse{Header: a.Header}
	}
	if a.Idempotent {
		forms.jsonMore = Object{{"changed", a.changed()}}
	}
	return forms
}

// writeFields writes the fields. granted writes the fields of the grants.
func (a WithGrants[Granted]) writeFields(f *FieldText, granted func()) {
	if a.Header != nil {
		f.Header(a.Header)
	}
	f.Field("Created", a.Created)
	granted()
	if a.Idempotent {
		f.Object(Object{{"changed", a.changed()}})
	}
}
