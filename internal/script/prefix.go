package script

import (
	"bytes"
	"io"
)

// Prefixed returns a writer to w that begins each line with prefix.
func Prefixed(w io.Writer, prefix string) io.Writer { return &prefixed{w, prefix, true} }

type prefixed struct {
	io.Writer
	prefix string
	start  bool // of a line
}

// Write implements io.Writer.
func (w *prefixed) Write(p []byte) (int, error) {
	var text []byte
	for line := range bytes.Lines(p) {
		if w.start {
			text = append(text, w.prefix...)
		}
		text = append(text, line...)
		w.start = line[len(line)-1] == '\n'
	}
	if _, err := w.Writer.Write(text); err != nil {
		return 0, err
	}
	return len(p), nil
}
