package iostreams

import (
	"io"
	"os"

	"golang.org/x/term"
)

// usualColumns is the assumed width of a terminal that does not report one.
const usualColumns = 80

// Columns returns the width of the terminal w, in columns. It may change at any time.
func Columns(w io.Writer) int {
	if file, ok := w.(*os.File); ok {
		if columns, _, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 {
			return columns
		}
	}
	return usualColumns
}
