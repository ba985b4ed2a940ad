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

	"github.com/ectl-io/ectl/internal/visible"
)

// TableData is a result in rows. Header names the columns in lower case.
type TableData struct {
	Header []string
	Rows   [][]string

	// names is how many columns have names, where those behind them have keys:
	// these are never written in capitals. 0 where all have names.
	names int
}

// oneRow is a table of one row, given as column and value in turn.
func oneRow(columnsAndValues ...string) TableData {
	var header, row []string
	for i := 0; i+1 < len(columnsAndValues); i += 2 {
		header = append(header, columnsAndValues[i])
		row = append(row, columnsAndValues[i+1])
	}
	return TableData{Header: header, Rows: [][]string{row}}
}

// render draws the table as etcdctl 3.7 does: tablewriter's default style with
// cells to the right.
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

// maxCell is how many bytes of a cell are drawn: each line of a table is as wide as
// the widest cell of each column.
const maxCell = 1024

// shortened returns a row whose cells are not longer than what is drawn of them.
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

// visible returns the table with cells that are visible. Lists make several lines
// of a cell in results of ours, which have no other line breaks there.
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
	lines := strings.Split(cell, "\n")
	for i, line := range lines {
		lines[i] = visible.Line(line)
	}
	return strings.Join(lines, "\n")
}

// cell is a key or value for a person to read in a table: as it is where it is
// printable text, otherwise as a quoted Go string. So is what looks like one,
// and what begins or ends with a space, which nobody would see.
func cell(b []byte) string {
	s := string(b)
	if !visible.Is(s) || strings.HasPrefix(s, `"`) || strings.TrimSpace(s) != s {
		return quoted(s)
	}
	return s
}

// quoted is s as a quoted Go string, all of which is visible.
func quoted(s string) string { return visible.Line(strconv.Quote(s)) }
