package output

import (
	"strings"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/protobuf/proto"
)

// headed is a response of the API that has a header.
type headed interface {
	proto.Message
	GetHeader() *etcdserverpb.ResponseHeader
}

// Change is the result of a command that changes users or roles. Functions named after
// the change create it, for example UserAdded and RoleGranted.
type Change struct {
	response headed // nil if nothing was changed, or if that is unknown
	line     string // the line that etcdctl prints
	subject  Object // what was changed; its values are strings and Bytes
	action   string // what happened to the subject, a past participle

	idempotent bool
	noEffect   bool // the server accepted the request, but had nothing to change
	unknown    bool // it is unknown whether the change was made
}

// Idempotent returns the change as the result of a command that may be run again. fields
// and json then report whether anything was changed.
func (c Change) Idempotent() Change {
	c.idempotent = true
	return c
}

// Unchanged returns the change as one that had already been made. Simple then writes
// nothing.
func (c Change) Unchanged() Change {
	c.response, c.idempotent, c.action = nil, true, "unchanged"
	return c
}

// WithoutEffect returns the change as one that the server accepted although it had
// already been made. etcdctl's formats stay the same, unless the command may be run again.
func (c Change) WithoutEffect() Change {
	c.noEffect, c.action = true, "unchanged"
	return c
}

// Failed returns the change as one that was not made or, with unknown, as one that may
// have been made. Simple then writes nothing.
func (c Change) Failed(unknown bool) Change {
	c = c.Unchanged()
	c.action, c.unknown = "failed", unknown
	if unknown {
		c.action = "unknown"
	}
	return c
}

// changed reports whether anything was changed. It returns nil if that is unknown.
func (c Change) changed() any {
	if c.unknown {
		return nil
	}
	return c.response != nil && !c.noEffect
}

// Simple implements Result.
func (c Change) Simple(t *Text) {
	if c.response == nil {
		return
	}
	t.Linef("%s", c.line)
}

func (c Change) fields(f *FieldText) {
	if c.response != nil {
		f.Header(c.response.GetHeader())
	}
	if c.idempotent {
		f.Object(Object{{"changed", c.changed()}})
	}
}

func (c Change) api() apiForms {
	forms := apiForms{fields: c.fields}
	if c.response != nil {
		forms.message = c.response
	}
	if c.idempotent {
		forms.jsonMore = Object{{"changed", c.changed()}}
	}
	return forms
}

// Table implements Result.
func (c Change) Table() TableData {
	var cells []string
	for _, member := range c.subject {
		var value []byte
		switch v := member.Value.(type) {
		case string:
			value = []byte(v)
		case Bytes:
			value = v
		}
		cells = append(cells, strings.ReplaceAll(member.Name, "_", " "), cell(value))
	}
	return oneRow(append(cells, "result", c.action)...)
}

// Document implements Result.
func (c Change) Document() Object {
	var document Object
	for _, member := range c.subject {
		if value, ok := member.Value.(Bytes); ok && len(value) == 0 {
			continue // the range end of a single key
		}
		document = append(document, member)
	}
	return append(document, Member{"result", c.action}, Member{"changed", c.changed()})
}
