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
	if file, ok := w.(interface{ Fd() uintptr }); ok { // a file, or what stands for one
		if columns, _, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 {
			return columns
		}
	}
	return usualColumns
}

// IsLive reports whether what is written to w appears on its terminal at once, so that it
// can be written over. It is false if another program writes to the terminal, or if the
// text is held back.
func IsLive(w io.Writer) bool {
	if live, ok := w.(interface{ Live() bool }); ok {
		return live.Live()
	}
	_, ok := w.(interface{ Fd() uintptr })
	return ok
}

// IsFile reports whether w is a file, so that no other program shows what is written to it.
func IsFile(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode().IsRegular()
}
