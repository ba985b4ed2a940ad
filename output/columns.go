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

// FoldColumns writes a table without borders, which fits the terminal. Lists in the cells,
// with separators, continue on the next line.
func (t *Text) FoldColumns(table TableData) { table.folded(t.limit()).columns(t.w, t.limit(), t.paint) }

// minFolded is the minimum width of a column that is folded.
const minFolded = 16

// folded returns the table with lists folded, so that its lines are not longer than limit.
// Items are cut only if the lines would otherwise be too long. limit is 0 if lines may
// have any length.
func (t TableData) folded(limit int) TableData {
	t = t.visible(false)
	widths, items := make([]int, len(t.Header)), make([]int, len(t.Header))
	total := 2 * (len(widths) - 1)
	for i, name := range t.Header {
		widths[i], items[i] = displaywidth.String(name), displaywidth.String(name)
		for _, row := range t.Rows {
			widths[i] = max(widths[i], displaywidth.String(row[i]))
			for _, item := range listItems(row[i]) {
				items[i] = max(items[i], displaywidth.String(item))
			}
		}
		total += widths[i]
	}
	if limit == 0 || total <= limit {
		return t
	}
	for _, least := range []func(column int) int{
		func(column int) int { return items[column] },
		func(int) int { return minFolded },
	} {
		for total > limit {
			widest := -1
			for i, width := range widths {
				if width > least(i) && (widest < 0 || width > widths[widest]) {
					widest = i
				}
			}
			if widest < 0 {
				break
			}
			widths[widest]--
			total--
		}
	}
	var rows [][]string
	for _, row := range t.Rows {
		rows = append(rows, foldedRow(row, widths)...)
	}
	t.Rows = rows
	return t
}

// foldedRow returns the rows into which a row is folded.
func foldedRow(row []string, widths []int) [][]string {
	var rows [][]string
	for i, text := range row {
		for n, line := range foldedList(text, widths[i]) {
			if n == len(rows) {
				rows = append(rows, make([]string, len(row)))
			}
			rows[n][i] = line
		}
	}
	return rows
}

// listItems returns the items of a list with the separators that follow them.
func listItems(text string) []string {
	separator := "; "
	if !strings.Contains(text, separator) {
		separator = ", "
	}
	items := strings.SplitAfter(text, separator)
	for i := range items {
		items[i] = strings.TrimSuffix(items[i], " ")
	}
	return items
}

// foldedList returns the lines of a list. An item that is longer than width is cut.
func foldedList(text string, width int) []string {
	if displaywidth.String(text) <= width {
		return []string{text}
	}
	var lines []string
	line := ""
	for _, item := range listItems(text) {
		switch {
		case line == "":
			line = item
		case displaywidth.String(line)+1+displaywidth.String(item) > width:
			lines, line = append(lines, line), item
		default:
			line += " " + item
		}
	}
	lines = append(lines, line)
	for i := range lines {
		lines[i] = displaywidth.TruncateString(lines[i], width, "…")
	}
	return lines
}

// FitColumns writes a table without borders, which fits the terminal.
func (t *Text) FitColumns(table TableData) { table.columns(t.w, t.limit(), t.paint) }
