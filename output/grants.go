package output

import pb "go.etcd.io/etcd/api/v3/etcdserverpb"

// WithGrants is the result of adding something and granting to it: a role with its
// permissions, or a user with its roles.
type WithGrants[Granted any] struct {
	Name       string
	Created    bool               // otherwise it existed
	Granted    []Granted          // what it did not have before
	Header     *pb.ResponseHeader // of the last change; nil if nothing changed
	Idempotent bool               // the command may be run again
	Failed     bool               // the changes were rolled back, unless it is unknown
	Unknown    bool               // whether all changes were rolled back is unknown
}

// changed says whether anything was changed. It is nil if that is unknown.
func (a WithGrants[Granted]) changed() any {
	if a.Unknown {
		return nil
	}
	return a.Created || len(a.Granted) > 0
}

// result says in a word what has become of it.
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

// forms are those of the API. Its responses, to whichever of the requests, hold
// nothing but the header.
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

// writeFields writes the fields. granted writes those of what was granted.
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
