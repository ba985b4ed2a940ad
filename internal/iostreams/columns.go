package iostreams

import (
	"io"

	"golang.org/x/term"
)

// usualColumns is the assumed width of a terminal that does not report one.
const usualColumns = 80

// Columns returns the width of the terminal w, in columns. It may change at any time.
func Columns(w io.Writer) int {
	if file, ok := w.(interface{ Fd() uintptr }); ok { // a file, or what stands for one
		if columns, _, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 {
			return columns
		}
	}
	return usualColumns
}
