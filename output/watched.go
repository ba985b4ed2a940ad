package output

import (
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/protobuf/proto"
)

// Watched is what "watch" received at once: events, a notice of progress, or
// the reason why there will be no more.
type Watched struct{ Response *clientv3.WatchResponse }

// silentIn says that our own formats show events, and those of them that are
// no table progress too; that a watch has ended is no data.
func (r Watched) silentIn(format Format) bool {
	switch {
	case format == Simple || format == Fields || format == JSON || format == Protobuf:
		return false
	case len(r.Response.Events) > 0:
		return false
	}
	return !r.Response.IsProgressNotify() || format == Table || format == CSV
}

// Simple implements Result.
func (r Watched) Simple(t *Text) {
	for _, event := range r.Response.Events {
		t.Linef("%s", event.GetType())
		if prev := event.GetPrevKv(); prev != nil {
			t.KeyValue(prev)
		}
		t.KeyValue(event.GetKv())
	}
}

// Fields implements Result.
func (r Watched) Fields(f *FieldText) {
	f.Header(r.Response.Header)
	for _, event := range r.Response.Events {
		f.Field("Type", event.GetType())
		if prev := event.GetPrevKv(); prev != nil {
			f.KeyValue("Prev", prev)
		}
		f.KeyValue("", event.GetKv())
	}
}

// Message implements Result.
func (r Watched) Message() proto.Message {
	return &pb.WatchResponse{
		Header:          r.Response.Header,
		Events:          r.Response.Events,
		CompactRevision: r.Response.CompactRevision,
		Canceled:        r.Response.Canceled,
		Created:         r.Response.Created,
	}
}

// jsonDocument is the client library's type, as etcdctl writes it.
func (r Watched) jsonDocument() any { return r.Response }

// eventName is an event's type in plain terms.
func eventName(event *mvccpb.Event) string {
	if event.GetType() == mvccpb.Event_DELETE {
		return "delete"
	}
	return "put"
}

// Table implements Result.
func (r Watched) Table() TableData {
	t := TableData{Header: append(append([]string{"event"}, keyValueColumns()...), "previous value")}
	for _, event := range r.Response.Events {
		row := append([]string{eventName(event)}, keyValueRow(event.GetKv(), cell)...)
		t.Rows = append(t.Rows, append(row, cell(event.GetPrevKv().GetValue())))
	}
	return t
}

// Document implements Result.
func (r Watched) Document() Object {
	document := Object{{"revision", r.Response.Header.GetRevision()}}
	if r.Response.IsProgressNotify() {
		return append(document, Member{"progress", true})
	}
	events := []Object{}
	for _, event := range r.Response.Events {
		events = append(events, eventObject(event))
	}
	return append(document, Member{"events", events})
}

// Items implements Lister.
func (r Watched) Items() []Object {
	if r.Response.IsProgressNotify() {
		return []Object{{{"event", "progress"}, {"revision", r.Response.Header.GetRevision()}}}
	}
	items := make([]Object, 0, len(r.Response.Events))
	for _, event := range r.Response.Events {
		items = append(items, eventObject(event))
	}
	return items
}

// eventObject is an event in plain terms. Of a deleted key there is no more
// than its name and when.
func eventObject(event *mvccpb.Event) Object {
	object := Object{{"event", eventName(event)}}
	if event.GetType() == mvccpb.Event_DELETE {
		object = append(object, Member{"key", Bytes(event.GetKv().GetKey())}, Member{"mod_revision", event.GetKv().GetModRevision()})
	} else {
		object = append(object, keyValueObject(event.GetKv())...)
	}
	if prev := event.GetPrevKv(); prev != nil {
		object = append(object, Member{"previous", keyValueObject(prev)})
	}
	return object
}
