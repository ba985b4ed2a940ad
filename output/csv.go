package output

import (
	"bufio"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// csvWriter writes rows of comma-separated values. It quotes more than encoding/csv does,
// because spreadsheets may also split cells at semicolons and tabs.
type csvWriter struct{ w *bufio.Writer }

func (w csvWriter) row(cells []string) error {
	for i, c := range cells {
		if i > 0 {
			_ = w.w.WriteByte(',')
		}
		if c == "" { // as most cells of a large matrix
			continue
		}
		c = noFormula(c)
		if strings.ContainsAny(c, ",;\t\r\n\"") || strings.HasPrefix(c, " ") || c == `\.` {
			c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
		}
		_, _ = w.w.WriteString(c)
	}
	return w.w.WriteByte('\n') // bufio returns earlier errors, too
}

// noFormula puts an apostrophe before a cell that a spreadsheet would run as a formula.
// Such a cell begins with = + - or @, or with apostrophes and one of these signs. A
// program that reads the file as data removes one apostrophe from a cell that begins with
// apostrophes and one of these signs. Numbers and a sign alone are not changed.
func noFormula(c string) string {
	first, size := utf8.DecodeRuneInString(strings.TrimLeft(c, "'"))
	if !strings.ContainsRune("=+-@＝＋－＠", first) || len(c) == size || isNumber(c) {
		return c
	}
	return "'" + c
}

// isNumber reports whether c is a number in digits, perhaps negative.
func isNumber(c string) bool {
	whole, fraction, point := strings.Cut(strings.TrimPrefix(c, "-"), ".")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	return digits(whole) && (!point || digits(fraction))
}

func (t TableData) csv(w *bufio.Writer) error {
	t = t.forCSV()
	return csvRows(w, append([][]string{t.Header}, t.Rows...))
}

// forCSV returns the table for programs: the names of columns have no spaces, and
// durations are numbers of seconds.
func (t TableData) forCSV() TableData {
	names := t.Header
	if t.names > 0 {
		names = names[:t.names]
	}
	header := append(csvNames(names), t.Header[len(names):]...)
	for _, column := range t.durations {
		at := slices.Index(t.Header, column)
		header[at] += "_seconds"
		rows := make([][]string, len(t.Rows))
		for i, row := range t.Rows {
			rows[i] = slices.Clone(row)
			if d, err := time.ParseDuration(row[at]); err == nil { // there may be none
				rows[i][at] = strconv.FormatFloat(d.Seconds(), 'f', -1, 64)
			}
		}
		t.Rows = rows
	}
	t.Header = header
	return t
}

// csvNames returns the names of columns as csv writes them.
func csvNames(columns []string) []string {
	names := make([]string, len(columns))
	for i, column := range columns {
		names[i] = strings.ReplaceAll(column, " ", "_")
	}
	return names
}

func csvRows(w *bufio.Writer, rows [][]string) error {
	for _, row := range rows {
		if err := (csvWriter{w}).row(row); err != nil {
			return err
		}
	}
	return nil
}
