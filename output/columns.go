package output

import (
	"bufio"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"github.com/ectl-io/ectl/internal/colour"
)

// The minimum widths of a first column that is cut. If enough is not possible, the columns
// move closer together.
const (
	enoughFirst = 10
	minFirst    = 4
)

// columns writes the table without borders: a line with the names of the columns, and a
// line for each row. If the lines are longer than limit, the cells of the first column are
// cut. limit is 0 if lines may have any length.
func (t TableData) columns(w *bufio.Writer, limit int, paint colour.Painter) {
	t = t.visible(false)
	rows := [][]string{make([]string, len(t.Header))}
	for i, name := range t.Header {
		rows[0][i] = strings.ToUpper(name)
	}
	rows = append(rows, t.Rows...)
	widths := make([]int, len(t.Header))
	total, blanks := 2*(len(widths)-1), 2
	for i := range widths {
		for _, row := range rows {
			widths[i] = max(widths[i], displaywidth.String(row[i]))
		}
		total += widths[i]
	}
	if excess := total - limit; limit > 0 && excess > 0 {
		if widths[0]-excess < enoughFirst {
			blanks = 1
			excess -= len(widths) - 1
		}
		widths[0] = min(widths[0], max(widths[0]-excess, minFirst))
	}
	for n, row := range rows {
		line, gap := "", 0
		for i, text := range row {
			text = displaywidth.TruncateString(text, widths[i], "…")
			line += strings.Repeat(" ", gap)
			gap = widths[i] - displaywidth.String(text) + blanks
			if tone := t.tones[t.Header[i]]; n > 0 && tone != nil {
				text = paint.Paint(tone(text), text)
			}
			line += text
		}
		_, _ = w.WriteString(strings.TrimRight(line, " "))
		_ = w.WriteByte('\n')
	}
}

// Columns writes a table without borders.
func (t *Text) Columns(table TableData) { table.columns(t.w, 0, t.paint) }

// FitColumns writes a table without borders, which fits the terminal.
func (t *Text) FitColumns(table TableData) { table.columns(t.w, t.limit(), t.paint) }
