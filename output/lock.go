package output

import (
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// LockHolder is the result of "lock" and "elect": the key of the process that holds the
// lock or leads. It is printed each time that the key or its value changes.
type LockHolder struct{ Response *clientv3.GetResponse }

// Simple implements Result.
func (r LockHolder) Simple(t *Text) {
	for _, kv := range r.Response.Kvs {
		t.KeyValue(kv)
	}
}

func (r LockHolder) fields(f *FieldText) {
	f.Header(r.Response.Header)
	for _, kv := range r.Response.Kvs {
		f.KeyValue("", kv)
	}
	f.Field("More", r.Response.More)
	f.Field("Count", r.Response.Count)
}

func (r LockHolder) api() apiForms {
	return apiForms{message: (*pb.RangeResponse)(r.Response), fields: r.fields}
}

// Table implements Result.
func (r LockHolder) Table() TableData { return keyValueTable(r.Response.Kvs) }

// Document implements Result. The response has one key.
func (r LockHolder) Document() Object {
	var document Object
	for _, kv := range r.Response.Kvs {
		document = keyValueObject(kv)
	}
	return document
}
