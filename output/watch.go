package output

import (
	"encoding/json"
	"strconv"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/protobuf/proto"
)

// WatchStream writes the responses to "watch" as they arrive. Only the table format holds
// events, because it draws one table for each response.
type WatchStream interface {
	// Next writes a response: events, a progress notification, or the reason why the
	// watch ended. A large response may arrive in parts. part.Fragment reports that
	// more parts follow; continues reports that this is not the first part.
	Next(part *pb.WatchResponse, continues bool) error
}

// Watch returns the stream that writes the responses to "watch" in the printer's format.
// fields, json and protobuf write every response. The other formats write events, and
// yaml and ndjson also write progress.
func (p *Printer) Watch() WatchStream {
	p.Grow()
	switch p.format {
	case Fields:
		return &fieldsWatch{FieldText{Text{w: p.w, hex: p.hex}}}
	case JSON:
		return &jsonWatch{p: p}
	case Protobuf:
		return &protobufWatch{p: p}
	case Table:
		return &tableWatch{p: p}
	case CSV:
		return &csvWatch{w: csvWriter{p.w}}
	case YAML:
		return &yamlWatch{p: p}
	case NDJSON:
		return &ndjsonWatch{p: p}
	case Simple, Markdown, HTML, Wide: // watches have no other formats
	}
	return &simpleWatch{Text{w: p.w, hex: p.hex}}
}

// isProgress reports whether a response only reports progress: the watch has received
// everything up to its revision.
func isProgress(r *pb.WatchResponse, continues bool) bool {
	return len(r.GetEvents()) == 0 && !continues && !r.GetFragment() && !r.GetCreated() && !r.GetCanceled() &&
		r.GetCompactRevision() == 0 && r.GetHeader().GetRevision() != 0
}

type simpleWatch struct{ t Text }

func (s *simpleWatch) Next(part *pb.WatchResponse, _ bool) error {
	for _, event := range part.GetEvents() {
		_, _ = s.t.w.WriteString(event.GetType().String())
		_ = s.t.w.WriteByte('\n')
		if prev := event.GetPrevKv(); prev != nil {
			s.t.KeyValue(prev)
		}
		s.t.KeyValue(event.GetKv())
	}
	return s.t.flushed()
}

type fieldsWatch struct{ f FieldText }

func (s *fieldsWatch) Next(part *pb.WatchResponse, continues bool) error {
	if !continues {
		s.f.Header(part.GetHeader())
	}
	for _, event := range part.GetEvents() {
		s.f.Field("Type", event.GetType())
		if prev := event.GetPrevKv(); prev != nil {
			s.f.KeyValue("Prev", prev)
		}
		s.f.KeyValue("", event.GetKv())
	}
	return s.f.flushed()
}

// jsonWatch writes the client library's type, as etcdctl does. The events are its second
// member.
type jsonWatch struct {
	p   *Printer
	any bool // an event of the response was written
	buf []byte
}

func (s *jsonWatch) Next(part *pb.WatchResponse, continues bool) error {
	b := s.buf[:0]
	if !continues {
		header, err := json.Marshal(part.GetHeader())
		if err != nil {
			return err
		}
		b = append(append(append(b, `{"Header":`...), header...), `,"Events":`...)
		if len(part.GetEvents()) == 0 && !part.GetFragment() {
			b = append(b, "null"...)
		} else {
			b = append(b, '[')
		}
		s.any = false
	}
	for _, event := range part.GetEvents() {
		if s.any {
			b = append(b, ',')
		}
		s.any = true
		b = appendEventJSON(b, event)
		if _, err := s.p.w.Write(b); err != nil {
			return err
		}
		b = b[:0]
	}
	s.buf = b
	if part.GetFragment() {
		_, err := s.p.w.Write(b)
		return err
	}
	if continues || len(part.GetEvents()) > 0 {
		b = append(b, ']')
	}
	b = strconv.AppendInt(append(b, `,"CompactRevision":`...), part.GetCompactRevision(), 10)
	b = strconv.AppendBool(append(b, `,"Canceled":`...), part.GetCanceled())
	b = strconv.AppendBool(append(b, `,"Created":`...), part.GetCreated())
	reason, err := json.Marshal(part.GetCancelReason())
	if err != nil {
		return err
	}
	return s.p.line(append(append(append(b, `,"CancelReason":`...), reason...), '}'))
}

// appendEventJSON appends an event as encoding/json encodes it, without empty members. It
// avoids reflection.
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

// protobufWatch writes the messages one after another, which a reader merges into one
// with all events. As in etcdctl, they have neither the ID of the watch nor the reason
// for its end.
type protobufWatch struct {
	p   *Printer
	buf []byte
}

func (s *protobufWatch) Next(part *pb.WatchResponse, continues bool) error {
	message := &pb.WatchResponse{Events: part.GetEvents()}
	if !continues {
		message.Header, message.CompactRevision = part.GetHeader(), part.GetCompactRevision()
		message.Canceled, message.Created = part.GetCanceled(), part.GetCreated()
	}
	var err error
	if s.buf, err = (proto.MarshalOptions{}).MarshalAppend(s.buf[:0], message); err != nil {
		return err
	}
	_, err = s.p.w.Write(s.buf)
	return err
}

// eventName returns "put" or "delete".
func eventName(event *mvccpb.Event) string {
	if event.GetType() == mvccpb.Event_DELETE {
		return "delete"
	}
	return "put"
}

func eventColumns() []string {
	return append(append([]string{"event"}, keyValueColumns()...), "previous value")
}

func appendEventRows(rows [][]string, events []*mvccpb.Event) [][]string {
	for _, event := range events {
		row := append([]string{eventName(event)}, keyValueRow(event.GetKv(), cell)...)
		rows = append(rows, append(row, cell(event.GetPrevKv().GetValue())))
	}
	return rows
}

type tableWatch struct {
	p    *Printer
	rows [][]string // of the response's earlier parts
}

func (s *tableWatch) Next(part *pb.WatchResponse, continues bool) error {
	s.rows = appendEventRows(s.rows, part.GetEvents())
	if part.GetFragment() || len(s.rows) == 0 && !continues {
		return nil
	}
	table := TableData{Header: eventColumns(), Rows: s.rows}
	s.rows = nil
	return table.render(s.p.w)
}

type csvWatch struct {
	w   csvWriter
	any bool // the header and at least one row were written
}

func (s *csvWatch) Next(part *pb.WatchResponse, _ bool) error {
	table := TableData{Rows: appendEventRows(nil, part.GetEvents())}.visible(false)
	for _, row := range table.Rows {
		if !s.any {
			s.any = true
			if err := s.w.row(csvNames(eventColumns())); err != nil {
				return err
			}
		}
		if err := s.w.row(row); err != nil {
			return err
		}
	}
	return nil
}

// yamlWatch writes a document for each part.
type yamlWatch struct {
	p   *Printer
	any bool // a document was written
}

func (s *yamlWatch) Next(part *pb.WatchResponse, continues bool) error {
	document := Object{{"revision", part.GetHeader().GetRevision()}}
	switch {
	case isProgress(part, continues):
		document = append(document, Member{"progress", true})
	case len(part.GetEvents()) == 0:
		return nil
	default:
		events := make([]Object, 0, len(part.GetEvents()))
		for _, event := range part.GetEvents() {
			events = append(events, eventObject(event))
		}
		document = append(document, Member{"events", events})
	}
	if s.any {
		if _, err := s.p.w.WriteString("---\n"); err != nil {
			return err
		}
	}
	s.any = true
	return document.writeYAML(s.p.w)
}

type ndjsonWatch struct {
	p   *Printer
	buf []byte
}

func (s *ndjsonWatch) Next(part *pb.WatchResponse, continues bool) error {
	if isProgress(part, continues) {
		return s.line(Object{{"event", "progress"}, {"revision", part.GetHeader().GetRevision()}})
	}
	for _, event := range part.GetEvents() {
		if err := s.line(eventObject(event)); err != nil {
			return err
		}
	}
	return nil
}

func (s *ndjsonWatch) line(o Object) error {
	var err error
	if s.buf, err = o.appendJSON(s.buf[:0]); err != nil {
		return err
	}
	return s.p.line(s.buf)
}

// eventObject returns the document of an event. A deletion has only the name of the key
// and the revision.
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
