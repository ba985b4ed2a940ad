package output

import (
	"strconv"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/protobuf/proto"
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

// Fields implements Result.
func (r Put) Fields(f *FieldText) {
	f.Header(r.response().GetHeader())
	if prev := r.response().GetPrevKv(); prev != nil {
		f.KeyValue("Prev", prev)
	}
}

// Message implements Result.
func (r Put) Message() proto.Message { return r.response() }

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
