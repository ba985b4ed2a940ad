package output

import (
	"bufio"
	"strings"
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
