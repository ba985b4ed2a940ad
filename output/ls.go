package output

import (
	"fmt"
	"strconv"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
)

// ListingOptions controls how "ls" shows its result.
type ListingOptions struct {
	Long bool // also show version, size, lease and revision, which needs the values
	Null bool // in simple, write each key unchanged, followed by a NUL
}

// Listing returns the stream that writes the result of "ls" in the printer's format. A
// subtree is passed as a key with the version 0. The API has no response for subtrees, so
// json and protobuf write a range without values.
func (p *Printer) Listing(o ListingOptions) RangeStream { return p.stream(o) }

func isSubtree(kv *mvccpb.KeyValue) bool { return kv.GetVersion() == 0 }

// kind returns "key" or "subtree".
func kind(kv *mvccpb.KeyValue) string {
	if isSubtree(kv) {
		return "subtree"
	}
	return "key"
}

// attributes returns the version, size, lease and revision of a key. none replaces
// missing values.
func attributes(kv *mvccpb.KeyValue, none string) []string {
	if isSubtree(kv) {
		return []string{none, none, none, none}
	}
	lease := none
	if kv.GetLease() != 0 {
		lease = LeaseID(kv.GetLease()).String()
	}
	return []string{
		strconv.FormatInt(kv.GetVersion(), 10),
		strconv.Itoa(len(kv.GetValue())),
		lease,
		strconv.FormatInt(kv.GetModRevision(), 10),
	}
}

func (o ListingOptions) simple(t Text) RangeStream { return &simpleListing{t: t, o: o} }

func (o ListingOptions) fields(f FieldText, kv *mvccpb.KeyValue) {
	f.quotedBytes("", "Key", kv.GetKey())
	f.Field("Subtree", isSubtree(kv))
	if !o.Long || isSubtree(kv) {
		return
	}
	f.number("", "Version", kv.GetVersion())
	f.number("", "Size", int64(len(kv.GetValue())))
	f.lease("", kv.GetLease())
	f.number("", "ModRevision", kv.GetModRevision())
}

func (o ListingOptions) appendJSON(b []byte, kv *mvccpb.KeyValue) []byte {
	b = appendKeyValueJSON(b, o.message(kv))
	switch {
	case isSubtree(kv):
		b = append(b[:len(b)-1], `,"subtree":true}`...)
	case o.Long:
		b = strconv.AppendInt(append(b[:len(b)-1], `,"size":`...), int64(len(kv.GetValue())), 10)
		b = append(b, '}')
	}
	return b
}

// message returns a key without its value. The lease is included only if the values were
// read. In responses without values, etcd 3.7 omits leases, and older servers do not.
func (o ListingOptions) message(kv *mvccpb.KeyValue) *mvccpb.KeyValue {
	bare := &mvccpb.KeyValue{Key: kv.GetKey(), CreateRevision: kv.GetCreateRevision(), ModRevision: kv.GetModRevision(), Version: kv.GetVersion()}
	if o.Long {
		bare.Lease = kv.GetLease()
	}
	return bare
}

func (o ListingOptions) header() []string {
	if o.Long {
		return []string{"key", "kind", "version", "size", "lease", "mod revision"}
	}
	return []string{"key", "kind"}
}

func (o ListingOptions) row(kv *mvccpb.KeyValue, text func([]byte) string) []string {
	row := []string{text(kv.GetKey()), kind(kv)}
	if o.Long {
		row = append(row, attributes(kv, "")...)
	}
	return row
}

func (o ListingOptions) object(kv *mvccpb.KeyValue) Object {
	object := Object{{"key", Bytes(kv.GetKey())}, {"kind", kind(kv)}}
	if !o.Long || isSubtree(kv) {
		return object
	}
	object = append(object, Member{"version", kv.GetVersion()}, Member{"size", int64(len(kv.GetValue()))})
	if kv.GetLease() != 0 {
		object = append(object, Member{"lease", LeaseID(kv.GetLease())})
	}
	return append(object, Member{"mod_revision", kv.GetModRevision()})
}

func (o ListingOptions) counted() bool { return false }

// simpleListing writes a line for each entry. With Long, the attributes come before the
// key, because only the key can have spaces. A terminal then shows their names first.
type simpleListing struct {
	t      Text
	o      ListingOptions
	headed bool
}

// longLine is the format of the attributes.
const longLine = "%7s %9s %16s %10s  "

func (s *simpleListing) Begin(*pb.ResponseHeader) error { return nil }

func (s *simpleListing) Keys(kvs []*mvccpb.KeyValue) error {
	if s.o.Long && !s.o.Null && s.t.screen != nil && !s.headed && len(kvs) > 0 {
		s.headed = true
		s.t.Linef(longLine+"KEY", "VERSION", "SIZE", "LEASE", "REVISION")
	}
	for _, kv := range kvs {
		if s.o.Null {
			_, _ = s.t.w.Write(kv.GetKey())
			_ = s.t.w.WriteByte(0)
			continue
		}
		if s.o.Long {
			a := attributes(kv, "-")
			fmt.Fprintf(s.t.w, longLine, a[0], a[1], a[2], a[3])
		}
		if s.t.screen != nil {
			s.t.Linef("%s", s.t.shown(string(kv.GetKey())))
			continue
		}
		s.t.bytesLine(kv.GetKey())
	}
	return s.t.flushed()
}

func (s *simpleListing) End(bool, int64) error { return s.t.flushed() }
