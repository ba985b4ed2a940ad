package output

import (
	"encoding/json"
	"strconv"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/protobuf/proto"
)

// Watched is what "watch" received at once: events, a notice of progress, or
// the reason why there will be no more. A large response may come in parts,
// each of which is printed as it comes; together they are printed as one.
type Watched struct {
	Response  *pb.WatchResponse // Fragment: more of it follows
	Continues bool              // it is not the first part of it
}

func (r Watched) isProgress() bool {
	return len(r.Response.Events) == 0 && !r.isPart() && !r.Response.Created && !r.Response.Canceled &&
		r.Response.CompactRevision == 0 && r.Response.Header.GetRevision() != 0
}

func (r Watched) isPart() bool { return r.Continues || r.Response.Fragment }

// silentIn says that our own formats show events, and those of them that are
// no table progress too; that a watch has ended is no data.
func (r Watched) silentIn(format Format) bool {
	switch {
	case format == Simple || format == Fields || format == JSON || format == Protobuf:
		return false
	case len(r.Response.Events) > 0 || format == Table && r.isPart():
		return false
	}
	return !r.isProgress() || format == Table || format == CSV
}

// Simple implements Result.
func (r Watched) Simple(t *Text) {
	for _, event := range r.Response.Events {
		_, _ = t.w.WriteString(event.GetType().String())
		_ = t.w.WriteByte('\n')
		if prev := event.GetPrevKv(); prev != nil {
			t.KeyValue(prev)
		}
		t.KeyValue(event.GetKv())
	}
}

// Fields implements Result.
func (r Watched) Fields(f *FieldText) {
	if !r.Continues {
		f.Header(r.Response.Header)
	}
	for _, event := range r.Response.Events {
		f.Field("Type", event.GetType())
		if prev := event.GetPrevKv(); prev != nil {
			f.KeyValue("Prev", prev)
		}
		f.KeyValue("", event.GetKv())
	}
}

// Message implements Result. As in etcdctl it says neither which watch of the
// stream it is of, nor why it ended.
func (r Watched) Message() proto.Message {
	message := &pb.WatchResponse{Events: r.Response.Events}
	if !r.Continues {
		message.Header, message.CompactRevision = r.Response.Header, r.Response.CompactRevision
		message.Canceled, message.Created = r.Response.Canceled, r.Response.Created
	}
	return message
}

// writeJSON writes the client library's type, as etcdctl writes it: its events
// are the second member.
func (r Watched) writeJSON(p *Printer) error {
	var b []byte
	if !r.Continues {
		header, err := json.Marshal(r.Response.Header)
		if err != nil {
			return err
		}
		b = append(append(append(b, `{"Header":`...), header...), `,"Events":`...)
		if len(r.Response.Events) == 0 && !r.Response.Fragment {
			b = append(b, "null"...)
		} else {
			b = append(b, '[')
		}
		p.partial.empty = true
	}
	for _, event := range r.Response.Events {
		if !p.partial.empty {
			b = append(b, ',')
		}
		p.partial.empty = false
		b = appendEventJSON(b, event)
		if _, err := p.w.Write(b); err != nil {
			return err
		}
		b = b[:0]
	}
	if r.Response.Fragment {
		_, err := p.w.Write(b)
		return err
	}
	if r.Continues || len(r.Response.Events) > 0 {
		b = append(b, ']')
	}
	b = strconv.AppendInt(append(b, `,"CompactRevision":`...), r.Response.CompactRevision, 10)
	b = strconv.AppendBool(append(b, `,"Canceled":`...), r.Response.Canceled)
	b = strconv.AppendBool(append(b, `,"Created":`...), r.Response.Created)
	reason, err := json.Marshal(r.Response.CancelReason)
	if err != nil {
		return err
	}
	return p.line(append(append(append(b, `,"CancelReason":`...), reason...), '}'))
}

// appendEventJSON appends what encoding/json makes of an event, whose members
// are left out where they are empty, without its reflection.
func appendEventJSON(b []byte, event *mvccpb.Event) []byte {
	start := len(b)
	b = append(b, '{')
	b = appendIntJSON(b, `,"type":`, int64(event.GetType()))
	if event.GetKv() != nil {
		b = appendKeyValueJSON(append(b, `,"kv":`...), event.GetKv())
	}
	if event.GetPrevKv() != nil {
		b = appendKeyValueJSON(append(b, `,"prev_kv":`...), event.GetPrevKv())
	}
	if len(b) > start+1 { // the first member has no comma before it
		b = append(b[:start+1], b[start+2:]...)
	}
	return append(b, '}')
}

// writeTable draws one table for all parts.
func (r Watched) writeTable(p *Printer) error {
	table := r.Table()
	table.Rows = append(p.partial.rows, table.Rows...)
	if p.partial.rows = nil; r.Response.Fragment {
		p.partial.rows = table.Rows
		return nil
	}
	return table.render(p.w)
}

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
	if r.isProgress() {
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
	if r.isProgress() {
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
