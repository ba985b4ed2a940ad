package output

import (
	"fmt"
	"strconv"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/quantity"
)

// Txn is the result of "txn".
type Txn struct{ Response *clientv3.TxnResponse }

func (r Txn) response() *pb.TxnResponse { return (*pb.TxnResponse)(r.Response) }

// Simple implements Result.
func (r Txn) Simple(t *Text) {
	if r.response().GetSucceeded() {
		t.Linef("SUCCESS")
	} else {
		t.Linef("FAILURE")
	}
	for _, op := range r.response().GetResponses() {
		t.Linef("")
		switch v := op.GetResponse().(type) {
		case *pb.ResponseOp_ResponseRange:
			for _, kv := range v.ResponseRange.GetKvs() {
				t.KeyValue(kv)
			}
		case *pb.ResponseOp_ResponsePut:
			Put{Response: (*clientv3.PutResponse)(v.ResponsePut)}.Simple(t)
		case *pb.ResponseOp_ResponseDeleteRange:
			Deletion{(*clientv3.DeleteResponse)(v.ResponseDeleteRange)}.Simple(t)
		}
	}
}

func (r Txn) fields(f *FieldText) {
	f.Header(r.response().GetHeader())
	f.Field("Succeeded", r.response().GetSucceeded())
	for _, op := range r.response().GetResponses() {
		switch v := op.GetResponse().(type) {
		case *pb.ResponseOp_ResponseRange:
			f.Header(v.ResponseRange.GetHeader())
			for _, kv := range v.ResponseRange.GetKvs() {
				f.KeyValue("", kv)
			}
			f.Field("More", v.ResponseRange.GetMore())
			f.Field("Count", v.ResponseRange.GetCount())
		case *pb.ResponseOp_ResponsePut:
			Put{Response: (*clientv3.PutResponse)(v.ResponsePut)}.fields(f)
		case *pb.ResponseOp_ResponseDeleteRange:
			Deletion{(*clientv3.DeleteResponse)(v.ResponseDeleteRange)}.fields(f)
		}
	}
}

func (r Txn) api() apiForms {
	return apiForms{message: r.response(), fields: r.fields, json: r.json()}
}

// txnJSON and responseJSON name the responses in JSON as etcdctl 3.7 does. The names come
// from the fields of the API, not from the types of its Go code.
type txnJSON struct {
	Header    *pb.ResponseHeader `json:"header,omitempty"`
	Succeeded bool               `json:"succeeded,omitempty"`
	Responses []responseJSON     `json:"responses,omitempty"`
}

type responseJSON struct {
	Response struct {
		Range       *pb.RangeResponse       `json:"response_range,omitempty"`
		Put         *pb.PutResponse         `json:"response_put,omitempty"`
		DeleteRange *pb.DeleteRangeResponse `json:"response_delete_range,omitempty"`
	} `json:"Response"`
}

func (r Txn) json() txnJSON {
	document := txnJSON{Header: r.response().GetHeader(), Succeeded: r.response().GetSucceeded()}
	for _, op := range r.response().GetResponses() {
		var j responseJSON
		j.Response.Range = op.GetResponseRange()
		j.Response.Put = op.GetResponsePut()
		j.Response.DeleteRange = op.GetResponseDeleteRange()
		document.Responses = append(document.Responses, j)
	}
	return document
}

// branch returns which requests were run: "success" or "failure".
func (r Txn) branch() string {
	if r.response().GetSucceeded() {
		return "success"
	}
	return "failure"
}

// Table implements Result: a row for each request, or for each key that the request
// returned.
func (r Txn) Table() TableData {
	t := TableData{Header: append([]string{"branch", "request", "result"}, keyValueColumns()...)}
	add := func(number int, request, result string, kvs []*mvccpb.KeyValue) {
		row := []string{r.branch(), numbered(number, request), result}
		if len(kvs) == 0 {
			t.Rows = append(t.Rows, append(row, make([]string, len(keyValueColumns()))...))
		}
		for _, kv := range kvs {
			t.Rows = append(t.Rows, append(row[:3:3], keyValueRow(kv, cell)...))
		}
	}
	for i, op := range r.response().GetResponses() {
		switch v := op.GetResponse().(type) {
		case *pb.ResponseOp_ResponseRange:
			add(i+1, "get", quantity.Of(v.ResponseRange.GetCount(), "key"), v.ResponseRange.GetKvs())
		case *pb.ResponseOp_ResponsePut:
			var previous []*mvccpb.KeyValue
			if kv := v.ResponsePut.GetPrevKv(); kv != nil {
				previous = append(previous, kv)
			}
			add(i+1, "put", "OK", previous)
		case *pb.ResponseOp_ResponseDeleteRange:
			add(i+1, "del", fmt.Sprintf("%d deleted", v.ResponseDeleteRange.GetDeleted()), v.ResponseDeleteRange.GetPrevKvs())
		}
	}
	if len(t.Rows) == 0 {
		return oneRow("branch", r.branch(), "revision", strconv.FormatInt(r.response().GetHeader().GetRevision(), 10))
	}
	return t
}

// numbered returns a request's number and kind, for example "2 put".
func numbered(number int, request string) string { return strconv.Itoa(number) + " " + request }

// Document implements Result.
func (r Txn) Document() Object {
	responses := []Object{}
	for _, op := range r.response().GetResponses() {
		switch v := op.GetResponse().(type) {
		case *pb.ResponseOp_ResponseRange:
			responses = append(responses, Object{
				{"request", "get"},
				{"keys", keyValueObjects(v.ResponseRange.GetKvs())},
				{"more", v.ResponseRange.GetMore()},
				{"count", v.ResponseRange.GetCount()},
			})
		case *pb.ResponseOp_ResponsePut:
			response := Object{{"request", "put"}, {"result", "OK"}}
			if kv := v.ResponsePut.GetPrevKv(); kv != nil {
				response = append(response, Member{"previous", keyValueObject(kv)})
			}
			responses = append(responses, response)
		case *pb.ResponseOp_ResponseDeleteRange:
			response := Object{{"request", "del"}, {"deleted", v.ResponseDeleteRange.GetDeleted()}}
			if kvs := v.ResponseDeleteRange.GetPrevKvs(); len(kvs) > 0 {
				response = append(response, Member{"previous", keyValueObjects(kvs)})
			}
			responses = append(responses, response)
		}
	}
	return Object{
		{"branch", r.branch()},
		{"revision", r.response().GetHeader().GetRevision()},
		{"responses", responses},
	}
}
