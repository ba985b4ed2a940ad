package output

import (
	"strconv"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
)

// UsedLevel holds the number of keys in one subtree and their size.
type UsedLevel struct {
	Prefix      string
	Keys, Bytes int64 // Bytes is the size of keys and values
}

// Usage is the result of "du". The first level is all keys; the subtrees follow.
type Usage struct {
	Header  *pb.ResponseHeader
	Levels  []UsedLevel
	Omitted int64 // number of smaller subtrees that are not in Levels
}

// Simple implements Result.
func (r Usage) Simple(t *Text) {
	if t.screen != nil {
		t.Linef("%8s %9s  %s", "SIZE", "KEYS", "PREFIX")
	}
	for _, level := range r.Levels {
		name := t.shown(level.Prefix)
		if name == "" {
			name = "every key"
		}
		t.Linef("%8s %9d  %s", Bytesize(level.Bytes), level.Keys, name)
	}
}

func (r Usage) fields(f *FieldText) {
	f.Header(r.Header)
	for _, level := range r.Levels {
		f.Quoted("Prefix", level.Prefix)
		f.Field("Keys", level.Keys)
		f.Field("Bytes", level.Bytes)
	}
	f.Field("Omitted", r.Omitted)
}

func (r Usage) api() apiForms {
	return apiForms{message: r.message(), fields: r.fields, json: r.json()}
}

// message returns a RangeResponse, because the API has no message for subtrees. Its keys
// are the prefixes, and its count is the number of all keys.
func (r Usage) message() *pb.RangeResponse {
	message := &pb.RangeResponse{Header: r.Header}
	for i, level := range r.Levels {
		if i == 0 {
			message.Count = level.Keys
		}
		message.Kvs = append(message.Kvs, &mvccpb.KeyValue{Key: []byte(level.Prefix)})
	}
	return message
}

func (r Usage) json() any {
	type level struct {
		Prefix []byte `json:"prefix"` // in base64, like keys in the API
		Keys   int64  `json:"keys"`
		Bytes  int64  `json:"bytes"`
	}
	document := struct {
		Header  *pb.ResponseHeader `json:"header"`
		Levels  []level            `json:"levels"`
		Omitted int64              `json:"omitted,omitempty"`
	}{Header: r.Header, Omitted: r.Omitted}
	for _, l := range r.Levels {
		document.Levels = append(document.Levels, level{[]byte(l.Prefix), l.Keys, l.Bytes})
	}
	return document
}

// Table implements Result.
func (r Usage) Table() TableData {
	t := TableData{Header: []string{"prefix", "keys", "bytes", "size"}}
	for _, level := range r.Levels {
		t.Rows = append(t.Rows, []string{
			cell([]byte(level.Prefix)), strconv.FormatInt(level.Keys, 10), strconv.FormatInt(level.Bytes, 10), Bytesize(level.Bytes),
		})
	}
	return t
}

// Document implements Result.
func (r Usage) Document() Object {
	return Object{{"revision", r.Header.GetRevision()}, {"levels", r.Items()}, {"omitted", r.Omitted}}
}

// Items implements Lister.
func (r Usage) Items() []Object {
	items := []Object{}
	for _, level := range r.Levels {
		items = append(items, Object{{"prefix", Bytes(level.Prefix)}, {"keys", level.Keys}, {"bytes", level.Bytes}})
	}
	return items
}
