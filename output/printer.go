package output

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"github.com/ectl-io/ectl/internal/colour"
	"github.com/ectl-io/ectl/internal/visible"
)

// rangeBuffer is the size in bytes of the buffer for large ranges, which reduces the
// number of writes. Other results are short, and allocating so much memory would slow the
// start.
const rangeBuffer = 64 << 10

// Printer writes results in one format. Output is buffered until Flush. A Printer has no
// state about earlier results. The streams that Range, Listing, Watch, Results, Parts and
// Bootstrap return keep that state.
type Printer struct {
	format Format
	hex    bool
	screen func() int // columns of the terminal, or nil if the output is none
	paint  colour.Painter
	out    io.Writer
	w      *bufio.Writer // buffers out
}

// NewPrinter returns a Printer that writes to w in the format called name, which must be
// one of formats. Otherwise the error has the exit status BadFeature. With hex, keys and
// values in simple and IDs in fields are hexadecimal.
func NewPrinter(w io.Writer, name string, formats []Format, hex bool) (*Printer, error) {
	format, err := ParseFormat(name, formats)
	if err != nil {
		return nil, err
	}
	return &Printer{format: format, hex: hex, out: w, w: bufio.NewWriter(w)}, nil
}

// OnTerminal makes the printer write for a person at a terminal with this number of
// columns, which may change. Listings then escape invisible characters in keys. Otherwise
// they write each key as it is, for programs.
func (p *Printer) OnTerminal(columns func() int) { p.screen = columns }

// InColours sets the Painter of words in simple and in the tables of ectl's own commands.
func (p *Printer) InColours(paint colour.Painter) { p.paint = paint }

// Format returns the printer's format.
func (p *Printer) Format() Format { return p.format }

// Grow prepares the printer for large output, if nothing is buffered.
func (p *Printer) Grow() {
	if p.w.Buffered() == 0 {
		p.w = bufio.NewWriterSize(p.out, rangeBuffer)
	}
}

// Flush writes the buffered output. It returns the first error of all writes.
func (p *Printer) Flush() error { return p.w.Flush() }

// Print writes one result. It returns an error if encoding fails, or if the format does
// not support r. Flush may return errors of writing instead.
func (p *Printer) Print(r Result) error {
	if self, ok := r.(selfWriter); ok {
		if written, err := self.writeAs(p.format, p.w); written || err != nil {
			return err
		}
	}
	api, ours := formsOf(r)
	if api.simple && p.format.IsEtcdctls() {
		r.Simple(p.text(ours))
		return nil // Flush returns errors of writing
	}
	switch p.format {
	case Simple:
		r.Simple(p.text(ours))
		return nil
	case Fields:
		api.fields(p.fields())
		return nil
	case JSON:
		text, err := p.json(api, ours)
		if err != nil {
			return err
		}
		return p.line(text)
	case Protobuf:
		return p.protobuf(api)
	case Table:
		if ours {
			return r.Table().visible(ours).painted(p.paint).render(p.w)
		}
		return r.Table().render(p.w)
	case CSV:
		return r.Table().visible(ours).csv(p.w)
	case YAML:
		return r.Document().writeYAML(p.w)
	case NDJSON:
		return p.objects(itemsOf(r))
	case Markdown:
		return r.Table().visible(ours).markdown(p.w)
	case Wide:
		r.Simple(p.text(ours))
		return nil
	case HTML: // only a selfWriter supports it
	}
	return fmt.Errorf("%w %q", errUnsupported, p.format)
}

// PrintList writes one result. It reports whether the result is a list without items, for
// which nothing was written.
func (p *Printer) PrintList(r Result) (nothing bool, err error) {
	list, ok := r.(Lister)
	before := p.w.Buffered()
	err = p.Print(r)
	return ok && len(list.Items()) == 0 && p.w.Buffered() == before, err
}

// formsOf returns the forms of r for fields, json and protobuf, from the API or from its
// document. ours reports whether only ectl has the command.
func formsOf(r Result) (forms apiForms, ours bool) {
	if a, ok := r.(apiResult); ok {
		forms = a.api()
		return forms, forms.visible
	}
	return apiForms{
		fields:   func(f *FieldText) { f.Object(r.Document()) },
		json:     document{r},
		protobuf: func(w *bufio.Writer) error { return writeMessage(w, r.Document().message()) },
	}, true
}

// itemsOf returns the objects that ndjson writes.
func itemsOf(r Result) []Object {
	if list, ok := r.(Lister); ok {
		return list.Items()
	}
	return []Object{r.Document()}
}

func (p *Printer) text(visible bool) *Text {
	return &Text{w: p.w, hex: p.hex, screen: p.screen, paint: p.paint, visible: visible}
}

func (p *Printer) fields() *FieldText { return &FieldText{Text{w: p.w, hex: p.hex}} }

// json returns a result as one line of JSON, without the line break.
func (p *Printer) json(api apiForms, ours bool) ([]byte, error) {
	var source any
	switch {
	case p.hex && api.jsonHex != nil:
		source = api.jsonHex
	case api.json != nil:
		source = api.json
	case api.message != nil:
		source = api.message
	}
	text := []byte("{}")
	if source != nil {
		var err error
		if text, err = json.Marshal(source); err != nil {
			return nil, err
		}
	}
	if ours {
		text = visible.JSON(text)
	}
	return api.jsonMore.appendTo(text), nil
}

func (p *Printer) protobuf(api apiForms) error {
	switch {
	case api.protobuf != nil:
		return api.protobuf(p.w)
	case api.message != nil:
		return writeMessage(p.w, api.message)
	}
	return nil
}

// objects writes one object per line.
func (p *Printer) objects(objects []Object) error {
	for _, object := range objects {
		text, err := object.MarshalJSON()
		if err != nil {
			return err
		}
		if err := p.line(text); err != nil {
			return err
		}
	}
	return nil
}

// Notice writes a line between results and flushes it. etcdctl writes this line in each
// of its formats.
func (p *Printer) Notice(line string) error {
	if err := p.line([]byte(line)); err != nil {
		return err
	}
	return p.Flush()
}

// ByLine reports whether the parts of one result can be printed one by one as they
// arrive. Slow commands use it.
func (p *Printer) ByLine() bool {
	return p.format.IsEtcdctls() || p.format == NDJSON
}

func (p *Printer) line(text []byte) error {
	if _, err := p.w.Write(text); err != nil {
		return err
	}
	return p.w.WriteByte('\n')
}
