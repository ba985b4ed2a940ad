package output

import (
	"bufio"
	"bytes"
	"slices"
)

// Beginning is the first part of a result that is written in two parts.
type Beginning interface {
	Result

	// columns returns the columns of the whole result in csv.
	columns() []string

	// isOpen reports whether the rest continues the last row of csv. Otherwise the rest
	// has its own rows.
	isOpen() bool
}

// Parts writes a result in two parts: a Beginning and the rest. Some results hold a
// generated password, which must be printed before it is set. Together the parts are one
// document in the printer's format. The table format draws a table for each part.
type Parts struct {
	p       *Printer
	begun   bool
	names   []string // of the members already written
	columns []string
	row     []string // the open row of csv
}

// Parts returns a writer for the two parts of a result in the printer's format.
func (p *Printer) Parts() *Parts { return &Parts{p: p} }

// Begin writes the first part. The caller must call Finish.
func (s *Parts) Begin(b Beginning) error {
	s.begun, s.columns = true, b.columns()
	for _, member := range b.Document() {
		s.names = append(s.names, member.Name)
	}
	switch s.p.format {
	case JSON:
		if api, ok := b.(apiResult); ok {
			return s.openObject(s.p.json(api.api(), true))
		}
		return s.openObject(b.Document().MarshalJSON())
	case NDJSON:
		return s.openObject(b.Document().MarshalJSON())
	case CSV:
		return s.beginCSV(b)
	case Simple, Fields, Protobuf, Table, YAML, Markdown, HTML, Wide:
	}
	return s.p.Print(b)
}

// Finish writes the rest: the members of r that the Beginning did not have. Without a
// Beginning, it writes all of r.
func (s *Parts) Finish(r Result) error {
	if !s.begun {
		return s.p.Print(r)
	}
	api, isAPI := r.(apiResult)
	rest := slices.DeleteFunc(slices.Clone(r.Document()), func(m Member) bool { return slices.Contains(s.names, m.Name) })
	switch s.p.format {
	case JSON:
		if isAPI {
			forms := api.api()
			return s.closeObject(s.p.json(forms, forms.visible))
		}
		return s.closeObject(rest.MarshalJSON())
	case NDJSON:
		return s.closeObject(rest.MarshalJSON())
	case YAML:
		return rest.writeYAML(s.p.w)
	case Fields:
		if !isAPI {
			s.p.fields().Object(rest)
			return nil
		}
	case Protobuf:
		// A reader merges two messages in a row into one with the fields of both.
	case CSV:
		return s.finishCSV(r.Table())
	case Simple, Table, Markdown, HTML, Wide:
	}
	return s.p.Print(r)
}

// openObject writes a JSON object without its end.
func (s *Parts) openObject(text []byte, err error) error {
	if err == nil {
		_, err = s.p.w.Write(bytes.TrimSuffix(text, []byte("}")))
	}
	return err
}

// closeObject writes the remaining members and the end of an open object.
func (s *Parts) closeObject(text []byte, err error) error {
	if err != nil {
		return err
	}
	if text = bytes.TrimPrefix(text, []byte("{")); len(text) > 1 {
		if err := s.p.w.WriteByte(','); err != nil {
			return err
		}
	}
	return s.p.line(text)
}

func (s *Parts) beginCSV(b Beginning) error {
	t, rows := b.Table().visible(true), [][]string{csvNames(s.columns)}
	for i, cells := range t.Rows {
		if i == len(t.Rows)-1 && b.isOpen() {
			s.row = cells
			break
		}
		rows = append(rows, under(s.columns, t.Header, cells))
	}
	if err := csvRows(s.p.w, rows); err != nil {
		return err
	}
	if s.row == nil {
		return nil
	}
	text, err := csvRow(s.row)
	if err == nil {
		_, err = s.p.w.Write(append(bytes.TrimSuffix(text, []byte("\n")), ','))
	}
	return err
}

// under returns a row for columns. Its cells come from a table that has some of these
// columns.
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

// finishCSV writes rows below the columns of the Beginning. The first row continues the
// open row; the others repeat its cells.
func (s *Parts) finishCSV(t TableData) error {
	for i, cells := range t.visible(true).Rows {
		row := under(s.columns, t.Header, cells)
		for at, cell := range s.row {
			if row[at] == "" {
				row[at] = cell
			}
		}
		if i == 0 {
			row = row[len(s.row):]
		}
		text, err := csvRow(row)
		if err != nil {
			return err
		}
		if _, err := s.p.w.Write(text); err != nil {
			return err
		}
	}
	return nil
}
