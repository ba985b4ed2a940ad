package output

import (
	"fmt"
	"strconv"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// Put is the result of "put".
type Put struct {
	Key      string
	Response *clientv3.PutResponse
}

func (r Put) response() *pb.PutResponse { return (*pb.PutResponse)(r.Response) }

// Simple implements Result.
func (r Put) Simple(t *Text) {
	t.Linef("OK")
	if prev := r.response().GetPrevKv(); prev != nil {
		t.KeyValue(prev)
	}
}

func (r Put) fields(f *FieldText) {
	f.Header(r.response().GetHeader())
	if prev := r.response().GetPrevKv(); prev != nil {
		f.KeyValue("Prev", prev)
	}
}

func (r Put) api() apiForms {
	return apiForms{message: r.response(), fields: r.fields}
}

// Table implements Result.
func (r Put) Table() TableData {
	cells := []string{
		"key", cell([]byte(r.Key)),
		"result", "OK",
		"revision", strconv.FormatInt(r.response().GetHeader().GetRevision(), 10),
	}
	if prev := r.response().GetPrevKv(); prev != nil {
		cells = append(cells, "previous value", cell(prev.GetValue()))
	}
	return oneRow(cells...)
}

// Document implements Result.
func (r Put) Document() Object {
	document := Object{
		{"key", Bytes(r.Key)},
		{"result", "OK"},
		{"revision", r.response().GetHeader().GetRevision()},
	}
	if prev := r.response().GetPrevKv(); prev != nil {
		document = append(document, Member{"previous", keyValueObject(prev)})
	}
	return document
}

// PutRefused is the result of a "put" if its condition did not hold. It has the state of
// the key.
type PutRefused struct {
	Key      string
	Response *pb.RangeResponse // the key without its value, or no key
}

func (r PutRefused) key() *mvccpb.KeyValue {
	if kvs := r.Response.GetKvs(); len(kvs) > 0 {
		return kvs[0]
	}
	return nil
}

// Reason returns why the condition did not hold.
func (r PutRefused) Reason() string {
	if kv := r.key(); kv != nil {
		return fmt.Sprintf("%s exists, and was last changed at revision %d", cell([]byte(r.Key)), kv.GetModRevision())
	}
	return cell([]byte(r.Key)) + " does not exist"
}

// Simple implements Result. It writes nothing, because the error has the reason.
func (r PutRefused) Simple(*Text) {}

func (r PutRefused) fields(f *FieldText) {
	f.Header(r.Response.GetHeader())
	f.Quoted("Key", r.Key)
	f.Field("CreateRevision", r.key().GetCreateRevision())
	f.Field("ModRevision", r.key().GetModRevision())
	f.Field("Version", r.key().GetVersion())
	f.Field("Changed", false)
}

func (r PutRefused) api() apiForms {
	return apiForms{message: r.Response, fields: r.fields, jsonMore: Object{{"changed", false}}}
}

// Table implements Result. A key that does not exist has the revision 0.
func (r PutRefused) Table() TableData {
	return oneRow(
		"key", cell([]byte(r.Key)),
		"result", "refused",
		"create revision", strconv.FormatInt(r.key().GetCreateRevision(), 10),
		"mod revision", strconv.FormatInt(r.key().GetModRevision(), 10),
		"version", strconv.FormatInt(r.key().GetVersion(), 10))
}

// Document implements Result.
func (r PutRefused) Document() Object {
	return Object{
		{"key", Bytes(r.Key)},
		{"result", "refused"},
		{"changed", false},
		{"create_revision", r.key().GetCreateRevision()},
		{"mod_revision", r.key().GetModRevision()},
		{"version", r.key().GetVersion()},
	}
}
