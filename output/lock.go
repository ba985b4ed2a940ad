package output

import (
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// Held is the result of "lock" and "elect": the key of who holds the lock or
// leads, each time that it is another or its value changes.
type Held struct{ Response *clientv3.GetResponse }

// Simple implements Result.
func (r Held) Simple(t *Text) {
	for _, kv := range r.Response.Kvs {
		t.KeyValue(kv)
	}
}

func (r Held) fields(f *FieldText) {
	f.Header(r.Response.Header)
	for _, kv := range r.Response.Kvs {
		f.KeyValue("", kv)
	}
	f.Field("More", r.Response.More)
	f.Field("Count", r.Response.Count)
}

func (r Held) api() apiForms {
	return apiForms{message: (*pb.RangeResponse)(r.Response), fields: r.fields}
}

// Table implements Result.
func (r Held) Table() TableData { return keyValueTable(r.Response.Kvs) }

// Document implements Result. There is one key.
func (r Held) Document() Object {
	var document Object
	for _, kv := range r.Response.Kvs {
		document = keyValueObject(kv)
	}
	return document
}
