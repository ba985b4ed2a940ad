package progress

import (
	"bytes"
	"io"
	"os"
	"unicode/utf8"

	"golang.org/x/term"
)

const (
	// besides is about how many columns sizes, rate and times take beside the bar.
	besides = 58
	// widest is how wide a bar is at most.
	widest = 60
	// usual is how many columns a terminal has that does not say it.
	usual = 80
)

// line is one line of a terminal, written again and again. What does not fit is
// cut off: otherwise each time would leave a line behind.
type line struct {
	io.Writer
	columns func() int // it may change at any time
}

// columnsOf returns how many columns a terminal has.
func columnsOf(w io.Writer) int {
	if file, ok := w.(*os.File); ok {
		if columns, _, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 {
			return columns
		}
	}
	return usual
}

// Write implements io.Writer. p is a whole line, or takes it away.
func (l line) Write(p []byte) (int, error) {
	_, err := l.Writer.Write(cut(p, l.columns()-1)) // a full line makes some terminals begin the next
	return len(p), err
}

// cut returns as much of a line as has so many columns. Control characters and
// sequences have none.
func cut(p []byte, columns int) []byte {
	for i := 0; i < len(p); {
		if end := bytes.IndexByte(p[i:], 'K'); p[i] == '\x1b' && end > 0 {
			i += end + 1
			continue
		}
		r, size := utf8.DecodeRune(p[i:])
		if r >= ' ' {
			if columns <= 0 {
				return p[:i]
			}
			columns--
		}
		i += size
	}
	return p
}
