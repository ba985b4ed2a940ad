package output

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"google.golang.org/protobuf/proto"

	"github.com/ectl-io/ectl/internal/visible"
)

// rangeBuffer lets a large range go out in few writes. Most results are a few
// lines, for which touching so much memory would show in the start-up time.
const rangeBuffer = 64 << 10

// Printer writes results in one format. Output is buffered until Flush.
type Printer struct {
	format Format
	hex    bool
	screen bool // the output is a terminal
	out    io.Writer
	w      *bufio.Writer // on out

	following bool   // a result of a stream was printed before
	begun     *begun // see Begin

	steps []BootstrapStep // see NextStep
}

// NewPrinter returns a Printer on w in that of formats which is called name.
// With hex, keys and values in simple and IDs in fields are hexadecimal.
func NewPrinter(w io.Writer, name string, formats []Format, hex bool) (*Printer, error) {
	format, err := ParseFormat(name, formats)
	if err != nil {
		return nil, err
	}
	return &Printer{format: format, hex: hex, out: w, w: bufio.NewWriter(w)}, nil
}

// OnTerminal says that a person reads the output on a terminal. Listings of keys
// are then visible; otherwise each key stands as it is, for programs.
func (p *Printer) OnTerminal(is bool) { p.screen = is }

// Format returns the printer's format.
func (p *Printer) Format() Format { return p.format }

// Grow prepares the printer for much output.
func (p *Printer) Grow() {
	if p.w.Buffered() == 0 {
		p.w = bufio.NewWriterSize(p.out, rangeBuffer)
	}
}

// Flush writes what is buffered.
func (p *Printer) Flush() error { return p.w.Flush() }

// Print writes one result. The error is that of writing or encoding.
func (p *Printer) Print(r Result) error {
	if fixed, ok := r.(fixedText); ok && p.format.IsEtcdctls() {
		_, err := p.w.WriteString(fixed.fixedText())
		return err
	}
	if file, ok := r.(policyFile); ok {
		switch p.format {
		case Simple, YAML:
			return file.writeYAML(p.w)
		case JSON:
			return file.writeJSON(p.w)
		case Fields, Protobuf, Table, NDJSON, CSV, Markdown, HTML:
		}
	}
	_, own := r.(ownResult)
	switch p.format {
	case Simple:
		r.Simple(&Text{w: p.w, hex: p.hex, screen: p.screen, visible: own})
		return nil
	case Fields:
		r.Fields(&FieldText{Text{w: p.w, hex: p.hex}})
		return nil
	case JSON:
		return p.printJSON(r)
	case Protobuf:
		if m, ok := r.(mixedProtobuf); ok {
			return m.writeProtobuf(p)
		}
		return p.printProtobuf(r)
	case Table:
		t := r.Table()
		if own {
			t = t.visible(own)
		}
		return t.render(p.w)
	case CSV:
		return r.Table().visible(own).csv(p.w)
	case YAML:
		return r.Document().writeYAML(p.w)
	case NDJSON:
		return p.printNDJSON(r)
	case Markdown:
		return r.Table().visible(own).markdown(p.w)
	case HTML:
		if page, ok := r.(htmlPage); ok {
			page.writeHTML(p.w)
			return nil
		}
	}
	return fmt.Errorf("%w %q", errUnsupported, p.format)
}

// ByLine says whether the parts of one result can be printed one after another,
// as they come, for commands that take long.
func (p *Printer) ByLine() bool {
	return p.format.IsEtcdctls() || p.format == NDJSON
}

// IsEtcdctls says whether etcdctl has the format.
func (f Format) IsEtcdctls() bool {
	switch f {
	case Simple, Fields, JSON, Protobuf, Table:
		return true
	case YAML, NDJSON, CSV, Markdown, HTML:
	}
	return false
}

func (p *Printer) printJSON(r Result) error {
	text, err := p.json(r)
	if err != nil {
		return err
	}
	return p.line(text)
}

// json is the result on one line of JSON, without its end.
func (p *Printer) json(r Result) ([]byte, error) {
	var document any
	if h, ok := r.(hexJSON); ok && p.hex {
		document = h.hexDocument()
	} else if d, ok := r.(jsonDocument); ok {
		document = d.jsonDocument()
	} else if _, ok := r.(messageless); ok {
		document = r.Document()
	} else if m := r.Message(); m != nil {
		document = m
	}
	text := []byte("{}")
	if document != nil {
		var err error
		if text, err = json.Marshal(document); err != nil {
			return nil, err
		}
		if _, own := r.(ownResult); own {
			text = visible.JSON(text)
		}
	}
	if a, ok := r.(jsonAdder); ok {
		text = a.addedJSON().appendTo(text)
	}
	return text, nil
}

func (p *Printer) printProtobuf(r Result) error {
	m, options := r.Message(), proto.MarshalOptions{}
	if _, ok := r.(messageless); ok {
		m, options.Deterministic = r.Document().message(), true
	}
	if m == nil {
		return nil
	}
	b, err := options.Marshal(m)
	if err != nil {
		return err
	}
	_, err = p.w.Write(b)
	return err
}

func (p *Printer) printNDJSON(r Result) error {
	items := []Object{}
	if lister, ok := r.(Lister); ok {
		items = lister.Items()
	} else {
		items = append(items, r.Document())
	}
	for _, item := range items {
		text, err := item.MarshalJSON()
		if err != nil {
			return err
		}
		if err := p.line(text); err != nil {
			return err
		}
	}
	return nil
}

func (p *Printer) line(text []byte) error {
	if _, err := p.w.Write(text); err != nil {
		return err
	}
	return p.w.WriteByte('\n')
}
