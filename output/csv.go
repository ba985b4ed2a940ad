package output

import (
	"bufio"
	"strings"
	"unicode/utf8"
)

// csvWriter writes rows of comma-separated values. It quotes more than encoding/csv
// does: spreadsheets also take semicolons and tabs for the ends of cells.
type csvWriter struct{ w *bufio.Writer }

func (w csvWriter) row(cells []string) error {
	for i, c := range cells {
		if i > 0 {
			_ = w.w.WriteByte(',')
		}
		c = noFormula(c)
		if strings.ContainsAny(c, ",;\t\r\n\"") || strings.HasPrefix(c, " ") || c == `\.` {
			c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
		}
		_, _ = w.w.WriteString(c)
	}
	return w.w.WriteByte('\n') // bufio returns the first error again
}

// noFormula puts an apostrophe before a cell that a spreadsheet would run as a
// formula: one that begins with = + - or @, or with apostrophes and one of these.
// A program that reads the file as data takes one apostrophe away from a cell that begins
// with apostrophes and one of these signs. Numbers stay numbers, and a sign alone
// is no formula.
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
	return csvRows(w, append([][]string{t.Header}, t.Rows...))
}

func csvRows(w *bufio.Writer, rows [][]string) error {
	for _, row := range rows {
		if err := (csvWriter{w}).row(row); err != nil {
			return err
		}
	}
	return nil
}
