package output

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
)

// RangeOptions controls how "get" shows its result.
type RangeOptions struct {
	KeysOnly  bool // the values were not requested
	CountOnly bool // neither keys nor values were requested
	ValueOnly bool // in simple, omit the keys
	Raw       bool // in simple, write only the value, without a line break
	Lines     bool // in simple, write no line for values that were not requested
}

// RangeStream writes the result of "get" as it arrives. Call Begin once, Keys for each
// block of keys, and End once. Only the table format holds the keys, because the width of
// its columns depends on all of them.
//
// The output equals what the format writes for one response with all the keys.
type RangeStream interface {
	// Begin writes the text before the keys. header is the header of the first
	// response.
	Begin(header *pb.ResponseHeader) error
	// Keys writes a block of keys. The stream does not keep kvs.
	Keys(kvs []*mvccpb.KeyValue) error
	// End writes the text after the keys. more reports whether a limit left keys out,
	// and count is the number of all keys.
	End(more bool, count int64) error
}

// Range returns the stream that writes the result of "get" in the printer's
// format.
func (p *Printer) Range(o RangeOptions) RangeStream {
	return p.stream(o)
}

// keyForms defines how the keys of a stream are shown. "get" and "ls" implement it.
type keyForms interface {
	simple(t Text) RangeStream
	fields(f FieldText, kv *mvccpb.KeyValue)
	appendJSON(b []byte, kv *mvccpb.KeyValue) []byte
	message(kv *mvccpb.KeyValue) *mvccpb.KeyValue
	header() []string
	row(kv *mvccpb.KeyValue, text func([]byte) string) []string
	object(kv *mvccpb.KeyValue) Object
	counted() bool // only the number of keys is shown
}

func (p *Printer) stream(o keyForms) RangeStream {
	p.Grow()
	switch p.format {
	case Fields:
		return &fieldsRange{FieldText{Text{w: p.w, hex: p.hex}}, o}
	case JSON:
		return &jsonRange{p: p, o: o}
	case Protobuf:
		return &protobufRange{p: p, o: o}
	case Table:
		return &tableRange{p: p, o: o}
	case CSV:
		return &csvRange{p: p, w: csvWriter{p.w}, o: o}
	case YAML:
		return &yamlRange{p: p, o: o}
	case NDJSON:
		return &ndjsonRange{p: p, o: o}
	case Simple, Markdown, HTML, Wide: // ranges have no other formats
	}
	return o.simple(Text{w: p.w, hex: p.hex, screen: p.screen, paint: p.paint})
}

func (o RangeOptions) simple(t Text) RangeStream { return &simpleRangeStream{t, o} }

func (o RangeOptions) fields(f FieldText, kv *mvccpb.KeyValue) { f.KeyValue("", kv) }

func (o RangeOptions) appendJSON(b []byte, kv *mvccpb.KeyValue) []byte {
	return appendKeyValueJSON(b, kv)
}

func (o RangeOptions) message(kv *mvccpb.KeyValue) *mvccpb.KeyValue { return kv }

func (o RangeOptions) header() []string { return o.columns(keyValueColumns()) }

func (o RangeOptions) row(kv *mvccpb.KeyValue, text func([]byte) string) []string {
	return o.columns(keyValueRow(kv, text))
}

func (o RangeOptions) counted() bool { return o.CountOnly }

// flushed returns the first error of earlier writes, which bufio keeps. It does not
// flush.
func (t *Text) flushed() error {
	_, err := t.w.Write(nil)
	return err
}

type simpleRangeStream struct {
	t Text
	o RangeOptions
}

func (s *simpleRangeStream) Begin(*pb.ResponseHeader) error { return nil }

func (s *simpleRangeStream) Keys(kvs []*mvccpb.KeyValue) error {
	for _, kv := range kvs {
		if s.o.Raw {
			_, _ = s.t.w.Write(kv.GetValue())
			continue
		}
		if !s.o.ValueOnly {
			s.t.bytesLine(kv.GetKey())
		}
		if !s.o.Lines || !s.o.KeysOnly {
			s.t.bytesLine(kv.GetValue())
		}
	}
	return s.t.flushed()
}

func (s *simpleRangeStream) End(_ bool, count int64) error {
	if s.o.CountOnly {
		s.t.Linef("%d", count)
	}
	return s.t.flushed()
}

type fieldsRange struct {
	f FieldText
	o keyForms
}

func (s *fieldsRange) Begin(header *pb.ResponseHeader) error {
	s.f.Header(header)
	return s.f.flushed()
}

func (s *fieldsRange) Keys(kvs []*mvccpb.KeyValue) error {
	for _, kv := range kvs {
		s.o.fields(s.f, kv)
	}
	return s.f.flushed()
}

func (s *fieldsRange) End(more bool, count int64) error {
	s.f.Field("More", more)
	s.f.Field("Count", count)
	return s.f.flushed()
}

// jsonRange writes the same bytes as encoding/json for a RangeResponse. Empty members are
// omitted.
type jsonRange struct {
	p   *Printer
	o   keyForms
	any bool // keys were written
	buf []byte
}

func (s *jsonRange) Begin(header *pb.ResponseHeader) error {
	text, err := json.Marshal(header)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.p.w, `{"header":%s`, text)
	return err
}

func (s *jsonRange) Keys(kvs []*mvccpb.KeyValue) error {
	for _, kv := range kvs {
		if s.any {
			s.buf = append(s.buf[:0], ',')
		} else {
			s.buf = append(s.buf[:0], `,"kvs":[`...)
		}
		s.any = true
		s.buf = s.o.appendJSON(s.buf, kv)
		if _, err := s.p.w.Write(s.buf); err != nil {
			return err
		}
	}
	return nil
}

func (s *jsonRange) End(more bool, count int64) error {
	s.buf = s.buf[:0]
	if s.any {
		s.buf = append(s.buf, ']')
	}
	if more {
		s.buf = append(s.buf, `,"more":true`...)
	}
	if count != 0 {
		s.buf = strconv.AppendInt(append(s.buf, `,"count":`...), count, 10)
	}
	return s.p.line(append(s.buf, '}'))
}

// appendKeyValueJSON appends a key as encoding/json encodes it. It avoids reflection,
// because a range may have millions of keys.
func appendKeyValueJSON(b []byte, kv *mvccpb.KeyValue) []byte {
	start := len(b)
	b = append(b, '{')
	b = appendBytesJSON(b, `,"key":"`, kv.GetKey())
	b = appendIntJSON(b, `,"create_revision":`, kv.GetCreateRevision())
	b = appendIntJSON(b, `,"mod_revision":`, kv.GetModRevision())
	b = appendIntJSON(b, `,"version":`, kv.GetVersion())
	b = appendBytesJSON(b, `,"value":"`, kv.GetValue())
	b = appendIntJSON(b, `,"lease":`, kv.GetLease())
	if len(b) > start+1 { // the first member has no comma before it
		b = append(b[:start+1], b[start+2:]...)
	}
	return append(b, '}')
}

func appendBytesJSON(b []byte, name string, value []byte) []byte {
	if len(value) == 0 {
		return b
	}
	b = append(b, name...)
	b = base64.StdEncoding.AppendEncode(b, value)
	return append(b, '"')
}

func appendIntJSON(b []byte, name string, value int64) []byte {
	if value == 0 {
		return b
	}
	return strconv.AppendInt(append(b, name...), value, 10)
}

// columns returns the columns to show from a row of keyValueRow.
func (o RangeOptions) columns(row []string) []string {
	if o.KeysOnly {
		return append(row[:1:1], row[2:]...)
	}
	return row
}

func countTable(count int64) TableData { return oneRow("count", strconv.FormatInt(count, 10)) }

type tableRange struct {
	p    *Printer
	o    keyForms
	rows [][]string
}

func (s *tableRange) Begin(*pb.ResponseHeader) error { return nil }

func (s *tableRange) Keys(kvs []*mvccpb.KeyValue) error {
	for _, kv := range kvs {
		s.rows = append(s.rows, s.o.row(kv, s.p.cell))
	}
	return nil
}

func (s *tableRange) End(_ bool, count int64) error {
	if s.o.counted() {
		return countTable(count).render(s.p.w)
	}
	return TableData{Header: s.o.header(), Rows: s.rows}.render(s.p.w)
}

// cell returns a key or value for a table, in hexadecimal with --hex.
func (p *Printer) cell(b []byte) string {
	if p.hex {
		return fmt.Sprintf("%x", b)
	}
	return cell(b)
}

type csvRange struct {
	p *Printer
	w csvWriter
	o keyForms
}

func (s *csvRange) Begin(*pb.ResponseHeader) error {
	if s.o.counted() {
		return nil
	}
	return s.w.row(csvNames(s.o.header()))
}

func (s *csvRange) Keys(kvs []*mvccpb.KeyValue) error {
	for _, kv := range kvs {
		if err := s.w.row(s.o.row(kv, s.p.cell)); err != nil {
			return err
		}
	}
	return nil
}

func (s *csvRange) End(_ bool, count int64) error {
	if s.o.counted() {
		return countTable(count).csv(s.p.w)
	}
	return nil
}

// object returns the document of a key.
func (o RangeOptions) object(kv *mvccpb.KeyValue) Object {
	object := keyValueObject(kv)
	if o.KeysOnly {
		return append(object[:1:1], object[2:]...)
	}
	return object
}

type ndjsonRange struct {
	p   *Printer
	o   keyForms
	buf []byte
}

func (s *ndjsonRange) Begin(*pb.ResponseHeader) error { return nil }

func (s *ndjsonRange) Keys(kvs []*mvccpb.KeyValue) error {
	for _, kv := range kvs {
		var err error
		if s.buf, err = s.o.object(kv).appendJSON(s.buf[:0]); err != nil {
			return err
		}
		if err := s.p.line(s.buf); err != nil {
			return err
		}
	}
	return nil
}

func (s *ndjsonRange) End(_ bool, count int64) error {
	if !s.o.counted() {
		return nil
	}
	text, err := Object{{"count", count}}.MarshalJSON()
	if err != nil {
		return err
	}
	return s.p.line(text)
}

// yamlRange writes one document with the revision, the keys, more and count. It encodes
// the sequence of keys in chunks.
type yamlRange struct {
	p   *Printer
	o   keyForms
	any bool
}

func (s *yamlRange) Begin(header *pb.ResponseHeader) error {
	return Object{{"revision", header.GetRevision()}}.writeYAML(s.p.w)
}

// yamlItems is the number of keys for one call of the encoder. Fewer keys would make the
// cost of each call dominate, and more would need too much memory.
const yamlItems = 50

func (s *yamlRange) Keys(kvs []*mvccpb.KeyValue) error {
	if !s.any && len(kvs) > 0 {
		s.any = true
		if _, err := s.p.w.WriteString("keys:\n"); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(kvs, yamlItems) {
		objects := make([]Object, 0, len(some))
		for _, kv := range some {
			objects = append(objects, s.o.object(kv))
		}
		if err := writeYAMLItems(s.p.w, objects); err != nil {
			return err
		}
	}
	return nil
}

func (s *yamlRange) End(more bool, count int64) error {
	var document Object
	if !s.any && !s.o.counted() {
		document = append(document, Member{"keys", []Object{}})
	}
	return append(document, Member{"more", more}, Member{"count", count}).writeYAML(s.p.w)
}
