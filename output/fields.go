package output

import (
	"fmt"
	"strconv"
	"strings"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
)

// FieldText writes the lines of fields.
type FieldText struct{ Text }

// Field writes a field with its value as fmt's %v shows it.
func (f *FieldText) Field(name string, value any) { f.Linef("%q : %v", name, value) }

// Quoted writes a field with its value as a quoted string.
func (f *FieldText) Quoted(name, value string) { f.Linef("%q : %q", name, value) }

// Object writes a line for each member of o. The name of a nested member is its path,
// joined by dots. The items of a list are written in order.
func (f *FieldText) Object(o Object) { f.object("", o) }

func (f *FieldText) object(prefix string, o Object) {
	for _, member := range o {
		if v, ok := member.Value.(Bytes); ok { // quoted even if it is not UTF-8
			member.Value = string(v)
		}
		name, value := member.plain()
		name = prefix + fieldName(name)
		switch v := value.(type) {
		case nil:
			f.Field(name, "unknown")
		case string:
			f.Quoted(name, v)
		case Object:
			f.object(name+".", v)
		case []Object:
			for _, item := range v {
				f.object(name+".", item)
			}
		case []string:
			line := fmt.Sprintf("%q :", name)
			for _, item := range v {
				line += fmt.Sprintf(" %q", item)
			}
			f.Linef("%s", line)
		default:
			f.Field(name, v)
		}
	}
}

// fieldName returns the name of a member as fields writes it: "range_end" becomes
// "RangeEnd".
func fieldName(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		b.WriteString(strings.ToUpper(word[:min(1, len(word))]) + word[min(1, len(word)):])
	}
	return b.String()
}

// Header writes the response header. It omits a revision of 0, because the response is
// not about keys.
func (f *FieldText) Header(h *etcdserverpb.ResponseHeader) {
	f.id("ClusterID", h.GetClusterId())
	f.id("MemberID", h.GetMemberId())
	if h.GetRevision() > 0 {
		f.Field("Revision", h.GetRevision())
	}
	f.Field("RaftTerm", h.GetRaftTerm())
}

func (f *FieldText) id(name string, id uint64) {
	if f.hex {
		f.Linef("%q : %x", name, id)
		return
	}
	f.Field(name, id)
}

// KeyValue writes the fields of a key, each name after prefix. It avoids reflection,
// because a range may have millions of keys.
func (f *FieldText) KeyValue(prefix string, kv *mvccpb.KeyValue) {
	f.quotedBytes(prefix, "Key", kv.GetKey())
	f.number(prefix, "CreateRevision", kv.GetCreateRevision())
	f.number(prefix, "ModRevision", kv.GetModRevision())
	f.number(prefix, "Version", kv.GetVersion())
	f.quotedBytes(prefix, "Value", kv.GetValue())
	f.lease(prefix, kv.GetLease())
}

func (f *FieldText) lease(prefix string, id int64) {
	if f.hex {
		f.Linef("%q : %016x", prefix+"Lease", id)
		return
	}
	f.number(prefix, "Lease", id)
}

func (f *FieldText) quotedBytes(prefix, name string, value []byte) {
	b := appendFieldName(f.w.AvailableBuffer(), prefix, name)
	if isPlain(value) {
		b = append(append(append(b, '"'), value...), '"')
	} else {
		b = strconv.AppendQuote(b, string(value))
	}
	_, _ = f.w.Write(append(b, '\n'))
}

func (f *FieldText) number(prefix, name string, value int64) {
	b := appendFieldName(f.w.AvailableBuffer(), prefix, name)
	b = strconv.AppendInt(b, value, 10)
	_, _ = f.w.Write(append(b, '\n'))
}

func appendFieldName(b []byte, prefix, name string) []byte {
	b = append(b, '"')
	b = append(b, prefix...)
	b = append(b, name...)
	return append(b, `" : `...)
}
