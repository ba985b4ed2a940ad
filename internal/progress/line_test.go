package progress

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ectl-io/ectl/internal/iostreams"
)

// shown are the lines that a bar writes on a terminal that first has so many
// columns and then so many.
func shown(t *testing.T, before, then int) []string {
	t.Helper()
	var screen bytes.Buffer
	columns := before
	l := line{&screen, func() int { return columns }}
	for range 3 {
		for _, write := range []string{"\r  19% |████████████████████| (61 MB/316 MB, 15 MB/s) [3s:16s]", "\x1b[2K\r"} {
			if n, err := l.Write([]byte(write)); n != len(write) || err != nil {
				t.Fatalf("%q is written as %d bytes, %v", write, n, err)
			}
		}
		columns = then
	}
	return strings.Split(screen.String(), "\r")
}

func TestABarIsNeverLongerThanItsLine(t *testing.T) {
	for _, columns := range [][2]int{{80, 80}, {40, 40}, {80, 30}, {20, 80}, {2, 1}} {
		for i, line := range shown(t, columns[0], columns[1]) {
			limit := columns[0]
			if i > 2 {
				limit = columns[1]
			}
			visible := strings.ReplaceAll(line, "\x1b[2K", "")
			if n := utf8.RuneCountInString(visible); n >= limit || !utf8.ValidString(visible) {
				t.Errorf("on a terminal of %d columns a line has %d: %q", limit, n, visible)
			}
		}
	}
	if all := strings.Join(shown(t, 80, 80), "\n"); !strings.Contains(all, "[3s:16s]") || strings.Count(all, "\x1b[2K") != 3 {
		t.Errorf("where there is room for it something is cut off: %q", all)
	}
}

func TestABarOfAnyWholeIsTakenAway(t *testing.T) {
	var screen bytes.Buffer
	bar := OfBytes(&iostreams.Streams{Err: &screen, ErrIsTerminal: true}, false, 1<<30)
	bar.Add(1 << 20)
	bar.End()
	lines := strings.Split(screen.String(), "\r")
	if last := lines[len(lines)-1]; !strings.Contains(screen.String(), "MB") || last != "" || !strings.HasSuffix(screen.String(), "\x1b[2K\r") {
		t.Errorf("the terminal was written %q", screen.String())
	}
	for _, silent := range []*Bar{
		OfBytes(&iostreams.Streams{Err: &screen}, false, 1),
		OfBytes(&iostreams.Streams{Err: &screen, ErrIsTerminal: true}, true, 1),
	} {
		before := screen.Len()
		silent.Add(1)
		silent.Set(1)
		silent.End()
		if screen.Len() != before {
			t.Error("a bar is shown without a terminal, or with --quiet")
		}
	}
}
