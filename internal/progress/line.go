package progress

import (
	"bytes"
	"io"
	"unicode/utf8"
)

const (
	// besides is the approximate width of the sizes, the rate and the times next to the
	// bar, in columns.
	besides = 58
	// widest is the maximum width of a bar, in columns.
	widest = 60
)

// line rewrites one line of a terminal. It cuts off text that does not fit, because a
// wrapped line would stay on the screen at the next write.
type line struct {
	io.Writer
	columns func() int // the width may change at any time
}

// Write implements io.Writer. p holds a whole line, or the sequence that clears it.
func (l line) Write(p []byte) (int, error) {
	_, err := l.Writer.Write(cut(p, l.columns()-1)) // a full line may wrap
	return len(p), err
}

// cut returns the beginning of a line that fits into this number of columns. Control
// characters and escape sequences take no columns.
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
