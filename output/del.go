package output

import (
	"strconv"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// Deletion is the result of "del".
type Deletion struct{ Response *clientv3.DeleteResponse }

func (r Deletion) response() *pb.DeleteRangeResponse { return (*pb.DeleteRangeResponse)(r.Response) }

// Simple implements Result.
func (r Deletion) Simple(t *Text) {
	t.Linef("%d", r.response().GetDeleted())
	for _, prev := range r.response().GetPrevKvs() {
		t.KeyValue(prev)
	}
}

func (r Deletion) fields(f *FieldText) {
	f.Header(r.response().GetHeader())
	f.Field("Deleted", r.response().GetDeleted())
	for _, prev := range r.response().GetPrevKvs() {
		f.KeyValue("Prev", prev)
	}
}

func (r Deletion) api() apiForms {
	return apiForms{message: r.response(), fields: r.fields}
}

// Table implements Result: the deleted keys if the server returned them, otherwise their
// number.
func (r Deletion) Table() TableData {
	if prevs := r.response().GetPrevKvs(); len(prevs) > 0 {
		return keyValueTable(prevs)
	}
	return oneRow(
		"deleted", strconv.FormatInt(r.response().GetDeleted(), 10),
		"revision", strconv.FormatInt(r.response().GetHeader().GetRevision(), 10))
}

// Document implements Result.
func (r Deletion) Document() Object {
	document := Object{
		{"deleted", r.response().GetDeleted()},
		{"revision", r.response().GetHeader().GetRevision()},
	}
	if prevs := r.response().GetPrevKvs(); len(prevs) > 0 {
		document = append(document, Member{"previous", keyValueObjects(prevs)})
	}
	return document
}
