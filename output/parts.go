package output

import (
	"bufio"
	"bytes"
	"slices"
)

// Some results hold passwords that were generated. What makes a password the
// user's must not be sent before the password is out, so that these results come
// in two parts: a Beginning with what is known before, and the rest. Together they
// are one document of the printer's format. As tables, which are drawn whole, they
// are two.

// Beginning is a Result that is the first part of one.
type Beginning interface {
	Result

	// columns are those of the whole result in csv.
	columns() []string

	// isOpen says that the rest goes on with the last row of csv. Otherwise it
	// has rows of its own.
	isOpen() bool
}

// begun is what was printed of a result whose rest is to come.
type begun struct {
	names   []string // of members
	columns []string
	row     []string // the open one
}

// Begin prints the first part of a result. Finish has to follow.
func (p *Printer) Begin(b Beginning) error {
	p.begun = &begun{columns: b.columns()}
	for _, member := range b.Document() {
		p.begun.names = append(p.begun.names, member.Name)
	}
	switch p.format {
	case JSON:
		if api, ok := b.(apiResult); ok {
			return p.openObject(p.json(api.api(), true))
		}
		return p.openObject(b.Document().MarshalJSON())
	case NDJSON:
		return p.openObject(b.Document().MarshalJSON())
	case CSV:
		return p.beginCSV(b)
	case Simple, Fields, Protobuf, Table, YAML, Markdown, HTML:
	}
	return p.Print(b)
}

// openObject writes an object in JSON without its end.
func (p *Printer) openObject(text []byte, err error) error {
	if err == nil {
		_, err = p.w.Write(bytes.TrimSuffix(text, []byte("}")))
	}
	return err
}

// closeObject writes the members and the end of an object that is open.
func (p *Printer) closeObject(text []byte, err error) error {
	if err != nil {
		return err
	}
	if text = bytes.TrimPrefix(text, []byte("{")); len(text) > 1 {
		if err := p.w.WriteByte(','); err != nil {
			return err
		}
	}
	return p.line(text)
}

func (p *Printer) beginCSV(b Beginning) error {
	t, rows := b.Table().visible(true), [][]string{p.begun.columns}
	for i, cells := range t.Rows {
		if i == len(t.Rows)-1 && b.isOpen() {
			p.begun.row = cells
			break
		}
		rows = append(rows, under(p.begun.columns, t.Header, cells))
	}
	if err := csvRows(p.w, rows); err != nil {
		return err
	}
	if p.begun.row == nil {
		return nil
	}
	text, err := csvRow(p.begun.row)
	if err == nil {
		_, err = p.w.Write(append(bytes.TrimSuffix(text, []byte("\n")), ','))
	}
	return err
}

// under is a row of columns with the cells of a table that has some of them.
func under(columns, header, cells []string) []string {
	row := make([]string, len(columns))
	for at, column := range header {
		if to := slices.Index(columns, column); to >= 0 {
			row[to] = cells[at]
		}
	}
	return row
}

func csvRow(cells []string) ([]byte, error) {
	var text bytes.Buffer
	w := bufio.NewWriter(&text)
	if err := csvRows(w, [][]string{cells}); err != nil {
		return nil, err
	}
	err := w.Flush()
	return text.Bytes(), err
}

// Finish prints the rest of the result that was begun: what is in r and was not
// in the Beginning.
func (p *Printer) Finish(r Result) error {
	b := p.begun
	p.begun = nil
	api, isAPI := r.(apiResult)
	rest := slices.DeleteFunc(slices.Clone(r.Document()), func(m Member) bool { return slices.Contains(b.names, m.Name) })
	switch p.format {
	case JSON:
		if isAPI {
			forms := api.api()
			return p.closeObject(p.json(forms, forms.visible))
		}
		return p.closeObject(rest.MarshalJSON())
	case NDJSON:
		return p.closeObject(rest.MarshalJSON())
	case YAML:
		return rest.writeYAML(p.w)
	case Fields:
		if !isAPI {
			p.fields().Object(rest)
			return nil
		}
	case Protobuf:
		// Two messages in a row are read as one that has the fields of both.
	case CSV:
		return p.finishCSV(b, r.Table())
	case Simple, Table, Markdown, HTML:
	}
	return p.Print(r)
}

// finishCSV writes rows below the columns of the Beginning. The first one goes on
// where the open row ends; the others repeat what that row says.
func (p *Printer) finishCSV(b *begun, t TableData) error {
	for i, cells := range t.visible(true).Rows {
		row := under(b.columns, t.Header, cells)
		for at, cell := range b.row {
			if row[at] == "" {
				row[at] = cell
			}
		}
		if i == 0 {
			row = row[len(b.row):]
		}
		text, err := csvRow(row)
		if err != nil {
			return err
		}
		if _, err := p.w.Write(text); err != nil {
			return err
		}
	}
	return nil
}
