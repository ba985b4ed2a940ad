package output

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/ectl-io/ectl/internal/colour"
	"github.com/ectl-io/ectl/internal/visible"
)

// TableData holds a result in rows. Header has the names of the columns, in lower case.
type TableData struct {
	Header []string
	Rows   [][]string

	// names is the number of columns with names, if keys are the headers of the columns
	// after them. Keys are never capitalized. 0 means that all columns have names.
	names int

	durations []string // columns that hold durations, as time.Duration writes them

	// tones returns the tone of the cells of a column, by the name of the column.
	tones map[string]func(cell string) colour.Tone
}

// answers returns the table with the tones of answers in a column. Its cells are yes or no.
func (t TableData) answers(column string) TableData {
	t.tones = map[string]func(string) colour.Tone{column: func(cell string) colour.Tone { return colour.OfAnswer(cell == yesNo(true)) }}
	return t
}

// painted returns the table with its cells in the colours of their tones. Only the last
// step before a table is drawn may paint it.
func (t TableData) painted(paint colour.Painter) TableData {
	if !paint || t.tones == nil {
		return t
	}
	rows := make([][]string, 0, len(t.Rows))
	for _, row := range t.Rows {
		cells := slices.Clone(row)
		for i, name := range t.Header {
			if tone := t.tones[name]; tone != nil {
				cells[i] = paint.Paint(tone(cells[i]), cells[i])
			}
		}
		rows = append(rows, cells)
	}
	t.Rows = rows
	return t
}

// oneRow returns a table of one row. The arguments are columns and values in turn.
func oneRow(columnsAndValues ...string) TableData {
	var header, row []string
	for i := 0; i+1 < len(columnsAndValues); i += 2 {
		header = append(header, columnsAndValues[i])
		row = append(row, columnsAndValues[i+1])
	}
	return TableData{Header: header, Rows: [][]string{row}}
}

// render draws the table as etcdctl 3.7 does: tablewriter's default style with
// right-aligned cells.
func (t TableData) render(w io.Writer) error {
	config, header := tablewriter.NewConfigBuilder().WithRowAlignment(tw.AlignRight), t.Header
	if t.names > 0 {
		config, header = config.WithHeaderAutoFormat(tw.Off), slices.Clone(header)
		for i, name := range header[:t.names] {
			header[i] = strings.ToUpper(name)
		}
	}
	table := tablewriter.NewTable(w, tablewriter.WithConfig(config.Build()))
	table.Header(header)
	for _, row := range t.Rows {
		if err := table.Append(shortened(row)); err != nil {
			return err
		}
	}
	return table.Render()
}

// maxCell is the maximum number of bytes of a cell that are drawn. One wide cell widens
// every line of a table.
const maxCell = 1024

// shortened returns the row with cells cut at maxCell bytes. A cut cell ends with its
// size.
func shortened(row []string) []string {
	if !slices.ContainsFunc(row, func(cell string) bool { return len(cell) > maxCell }) {
		return row
	}
	short := slices.Clone(row)
	for i, cell := range row {
		if len(cell) > maxCell {
			end := maxCell
			for end > 0 && !utf8.RuneStart(cell[end]) {
				end--
			}
			short[i] = fmt.Sprintf("%s... (%d bytes)", cell[:end], len(cell))
		}
	}
	return short
}

// visible returns the table with invisible characters escaped. With lists, line breaks
// are kept: they separate the items of a list in a cell. Only results that etcdctl does
// not have contain such lists.
func (t TableData) visible(lists bool) TableData {
	show := visible.Line
	if lists {
		show = visibleLines
	}
	shown := make([][]string, 0, len(t.Rows)+1)
	for _, row := range append([][]string{t.Header}, t.Rows...) {
		cells := make([]string, 0, len(row))
		for _, c := range row {
			cells = append(cells, show(c))
		}
		shown = append(shown, cells)
	}
	t.Header, t.Rows = shown[0], shown[1:]
	return t
}

func visibleLines(cell string) string {
	if !strings.Contains(cell, "\n") { // as almost all cells, of which there may be millions
		return visible.Line(cell)
	}
	lines := strings.Split(cell, "\n")
	for i, line := range lines {
		lines[i] = visible.Line(line)
	}
	return strings.Join(lines, "\n")
}

// cell returns a key or value for a person to read in a table. Printable text is
// unchanged, and other bytes become a quoted Go string. Text is also quoted if it begins
// with a quote, or if it begins or ends with a space.
func cell(b []byte) string {
	s := string(b)
	if !visible.Is(s) || strings.HasPrefix(s, `"`) || strings.TrimSpace(s) != s {
		return quoted(s)
	}
	return s
}

// quoted returns s as a quoted Go string without invisible characters.
func quoted(s string) string { return visible.Line(strconv.Quote(s)) }
