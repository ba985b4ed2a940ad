package output

import (
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// Addition is what came of adding something together with what it is granted: a
// role with its permissions, or a user with its roles.
type Addition[Granted any] struct {
	Name       string
	Created    bool               // otherwise it was there
	Granted    []Granted          // what it did not have before
	Header     *pb.ResponseHeader // of the last change, nil without one
	Idempotent bool               // the command may be run again
	Failed     bool               // nothing of it is left, or perhaps something:
	Unknown    bool               // what is left of it
}

// changed says whether anything was changed. It is nil if that is unknown.
func (a Addition[Granted]) changed() any {
	if a.Unknown {
		return nil
	}
	return a.Created || len(a.Granted) > 0
}

// result says in a word what has become of it.
func (a Addition[Granted]) result() string {
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
func (a Addition[Granted]) forms(fields func(*FieldText)) apiForms {
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
func (a Addition[Granted]) writeFields(f *FieldText, granted func()) {
	if a.Header != nil {
		f.Header(a.Header)
	}
	f.Field("Created", a.Created)
	granted()
	if a.Idempotent {
		f.Object(Object{{"changed", a.changed()}})
	}
}
