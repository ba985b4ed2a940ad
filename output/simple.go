package output

import (
	"bufio"
	"encoding/hex"
	"fmt"

	"go.etcd.io/etcd/api/v3/mvccpb"

	"github.com/ectl-io/ectl/internal/colour"
	"github.com/ectl-io/ectl/internal/visible"
)

// Text writes the lines of simple. The printer's Flush returns errors of writing.
type Text struct {
	w       *bufio.Writer
	hex     bool
	screen  func() int // columns of the terminal, or nil if the output is none
	paint   colour.Painter
	visible bool // escape invisible characters
}

// Linef writes a formatted line.
func (t *Text) Linef(format string, args ...any) { t.line(fmt.Sprintf(format, args...)) }

// Tonef writes a formatted line. Its first word is the word, in the colour of tone.
func (t *Text) Tonef(tone colour.Tone, word, format string, args ...any) {
	_, _ = t.w.WriteString(t.paint.Paint(tone, word))
	t.line(fmt.Sprintf(format, args...))
}

// line writes the rest of a line.
func (t *Text) line(text string) {
	if t.visible {
		text = visible.Line(text)
	}
	_, _ = t.w.WriteString(text)
	_ = t.w.WriteByte('\n')
}

// limit returns the maximum length of a line, or 0 if there is none.
func (t *Text) limit() int {
	if t.screen == nil {
		return 0
	}
	return t.screen()
}

// KeyValue writes the key and the value on a line each, unchanged or, with --hex, as \x
// escapes.
func (t *Text) KeyValue(kv *mvccpb.KeyValue) {
	t.bytesLine(kv.GetKey())
	t.bytesLine(kv.GetValue())
}

func (t *Text) bytesLine(b []byte) {
	if t.hex {
		writeEscaped(t.w, b)
	} else {
		_, _ = t.w.Write(b)
	}
	_ = t.w.WriteByte('\n')
}

// shown returns a key for a listing that only ectl has. With --hex it has escapes as in
// bytesLine, on a terminal it looks as in a table, and otherwise it is unchanged.
func (t *Text) shown(key string) string {
	switch {
	case !t.hex && t.screen != nil:
		return cell([]byte(key))
	case !t.hex:
		return key
	}
	escaped := ""
	for i := range len(key) {
		escaped += `\x` + hex.EncodeToString([]byte{key[i]})
	}
	return escaped
}

func writeEscaped(w *bufio.Writer, b []byte) {
	for i := range b {
		var digits [2]byte
		hex.Encode(digits[:], b[i:i+1])
		_, _ = w.WriteString(`\x`)
		_, _ = w.Write(digits[:])
	}
}
