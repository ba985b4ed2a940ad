package output

import (
	"strconv"

	"go.etcd.io/etcd/api/v3/mvccpb"
)

// keyValueObject returns the document of a key. It includes the lease only if there is
// one.
func keyValueObject(kv *mvccpb.KeyValue) Object {
	o := Object{
		{"key", Bytes(kv.GetKey())},
		{"value", Bytes(kv.GetValue())},
		{"create_revision", kv.GetCreateRevision()},
		{"mod_revision", kv.GetModRevision()},
		{"version", kv.GetVersion()},
	}
	if kv.GetLease() != 0 {
		o = append(o, Member{"lease", LeaseID(kv.GetLease())})
	}
	return o
}

func keyValueObjects(kvs []*mvccpb.KeyValue) []Object {
	objects := []Object{}
	for _, kv := range kvs {
		objects = append(objects, keyValueObject(kv))
	}
	return objects
}

func keyValueColumns() []string {
	return []string{"key", "value", "create revision", "mod revision", "version", "lease"}
}

// keyValueRow returns a key as a row of a table. text formats keys and values.
func keyValueRow(kv *mvccpb.KeyValue, text func([]byte) string) []string {
	lease := ""
	if kv.GetLease() != 0 {
		lease = LeaseID(kv.GetLease()).String()
	}
	return []string{
		text(kv.GetKey()),
		text(kv.GetValue()),
		strconv.FormatInt(kv.GetCreateRevision(), 10),
		strconv.FormatInt(kv.GetModRevision(), 10),
		strconv.FormatInt(kv.GetVersion(), 10),
		lease,
	}
}

func keyValueTable(kvs []*mvccpb.KeyValue) TableData {
	t := TableData{Header: keyValueColumns()}
	for _, kv := range kvs {
		t.Rows = append(t.Rows, keyValueRow(kv, cell))
	}
	return t
}
