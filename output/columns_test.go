package output

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"

	"github.com/ectl-io/ectl/internal/colour"
)

// onTerminal returns the lines that are printed of r on a terminal with this number of
// columns.
func onTerminal(t *testing.T, r Result, format Format, columns int, paint colour.Painter) []string {
	t.Helper()
	var b bytes.Buffer
	p, err := NewPrinter(&b, string(format), FormatsOf(r), false)
	if err != nil {
		t.Fatal(err)
	}
	p.OnTerminal(func() int { return columns })
	p.InColours(paint)
	if err := p.Print(r); err != nil {
		t.Fatal(err)
	}
	if err := p.Flush(); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

func TestAnOverviewFitsATerminal(t *testing.T) {
	for _, columns := range []int{80, 100, 200} {
		lines := onTerminal(t, overviewOfFour(), Wide, columns, false)
		if len(lines) != 5 {
			t.Errorf("%d lines, want a head and four members: %q", len(lines), lines)
		}
		for _, line := range lines {
			if width := displaywidth.String(line); width > columns || strings.TrimRight(line, " ") != line {
				t.Errorf("a line has %d columns, want at most %d and no blank at its end: %q", width, columns, line)
			}
		}
	}
	wide := strings.Join(onTerminal(t, overviewOfFour(), Wide, 200, false), "\n")
	if !strings.Contains(wide, "a-name-of-a-member-that-is-much-too-long  learner") || !strings.Contains(wide, `a \x1b[2J `) {
		t.Errorf("with room for it, a name is cut, or its characters are not visible:\n%s", wide)
	}
	narrow := strings.Join(onTerminal(t, overviewOfFour(), Wide, 80, false), "\n")
	if !strings.Contains(narrow, "a-name-of-a… learner") || !strings.Contains(narrow, "NOSPACE,CORRUPT") {
		t.Errorf("the name of a member should be cut, and nothing else:\n%s", narrow)
	}
}

func TestColoursDoNotMoveColumns(t *testing.T) {
	plain, coloured := onTerminal(t, overviewOfFour(), Wide, 80, false), onTerminal(t, overviewOfFour(), Wide, 80, true)
	all := strings.Join(coloured, "\n")
	for _, want := range []string{"\x1b[32mok\x1b[0m", "\x1b[31malarm\x1b[0m", "\x1b[31mdown\x1b[0m", "\x1b[31mgone\x1b[0m", "\x1b[33m13d\x1b[0m", "\x1b[31mNOSPACE,CORRUPT\x1b[0m"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
	if bare := strings.NewReplacer("\x1b[31m", "", "\x1b[32m", "", "\x1b[33m", "", "\x1b[0m", "").Replace(all); bare != strings.Join(plain, "\n") {
		t.Errorf("without its colours it is\n%s\nwant\n%s", bare, strings.Join(plain, "\n"))
	}
}

// Lists that are too long for the terminal continue on further lines, and lose nothing.
func TestLongListsAreFolded(t *testing.T) {
	table := TableData{Header: []string{"role", "users", "permissions"}, Rows: [][]string{
		{"app", "alice, bob, carol, dave, erin, frank, grace, heidi", "readwrite prefix /app/; read key /config/a; write [a, b); read prefix /logs/of/the/application/"},
		{"x", "", "read key k"},
	}}
	for limit, want := range map[int]int{0: 3, 80: 5, 60: 6, 1000: 3} {
		text := &Text{w: bufio.NewWriter(io.Discard), screen: func() int { return limit }}
		var shown bytes.Buffer
		text.w = bufio.NewWriter(&shown)
		text.FoldColumns(table)
		_ = text.w.Flush()
		lines := strings.Split(strings.TrimSuffix(shown.String(), "\n"), "\n")
		for _, line := range lines {
			if limit > 0 && displaywidth.String(line) > limit {
				t.Errorf("on a terminal of %d columns a line has %d: %s", limit, displaywidth.String(line), line)
			}
		}
		if len(lines) != want {
			t.Errorf("on a terminal of %d columns there are %d lines, want %d:\n%s", limit, len(lines), want, &shown)
		}
		for _, word := range []string{"alice,", "heidi", "readwrite prefix /app/;", "read prefix /logs/of/the/application/", "read key k"} {
			if !strings.Contains(shown.String(), word) {
				t.Errorf("on a terminal of %d columns %q is missing in\n%s", limit, word, &shown)
			}
		}
	}
}
