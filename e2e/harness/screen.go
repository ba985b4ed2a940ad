package harness

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"
)

// Screen is a pseudo-terminal with what a person sees of it.
type Screen struct {
	*Terminal
	emulator *vt.Emulator
	drawn    int // number of bytes of the output that the emulator has
}

// StartOnScreen starts a command on a new terminal of the given size.
func StartOnScreen(t testing.TB, rows, columns uint16, cmd *exec.Cmd) *Screen {
	t.Helper()
	return StartOnScreenWith(t, rows, columns, cmd, nil)
}

// StartOnScreenWith is StartOnScreen with standard output in the file stdout, unless it is
// nil.
func StartOnScreenWith(t testing.TB, rows, columns uint16, cmd *exec.Cmd, stdout *os.File) *Screen {
	t.Helper()
	s := &Screen{Terminal: NewTerminal(t, rows, columns), emulator: vt.NewEmulator(int(columns), int(rows))}
	go func() { _, _ = io.Copy(io.Discard, s.emulator) }() // its answers to the program
	t.Cleanup(func() { _ = s.emulator.Close() })
	if stdout != nil {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = s.TTY, stdout, s.TTY
	}
	s.Start(cmd)
	return s
}

// Rows returns the rows of the screen, without blanks at their ends.
func (s *Screen) Rows() []string {
	all := s.String()
	_, _ = s.emulator.WriteString(all[s.drawn:])
	s.drawn = len(all)
	rows := strings.Split(s.emulator.String(), "\n")
	for i, row := range rows {
		rows[i] = strings.TrimRight(row, " \r")
	}
	return rows
}

// Text returns the rows of the screen up to the last one that is not empty.
func (s *Screen) Text() string { return strings.TrimRight(strings.Join(s.Rows(), "\n"), "\n") }

// Row returns the row of the cursor.
func (s *Screen) Row() string {
	rows := s.Rows()
	return rows[s.emulator.CursorPosition().Y]
}

// Column returns the column of the cursor, from 0.
func (s *Screen) Column() int {
	s.Rows()
	return s.emulator.CursorPosition().X
}

// IsFaint reports whether text in the row of the cursor is drawn faintly.
func (s *Screen) IsFaint(text string) bool {
	return s.hasAttribute(text, func(x, y int) bool {
		cell := s.emulator.CellAt(x, y)
		return cell != nil && cell.Style.Attrs&uv.AttrFaint != 0
	})
}

// HasColour reports whether text in the row of the cursor is drawn in a colour.
func (s *Screen) HasColour(text string) bool {
	return s.hasAttribute(text, func(x, y int) bool {
		cell := s.emulator.CellAt(x, y)
		return cell != nil && cell.Style.Fg != nil
	})
}

// IsRed reports whether text in the row of the cursor is drawn in red.
func (s *Screen) IsRed(text string) bool {
	return s.hasAttribute(text, func(x, y int) bool {
		cell := s.emulator.CellAt(x, y)
		if cell == nil || cell.Style.Fg == nil {
			return false
		}
		red, green, blue, _ := cell.Style.Fg.RGBA()
		return red > 0 && green == 0 && blue == 0
	})
}

func (s *Screen) hasAttribute(text string, has func(x, y int) bool) bool {
	row := s.Row()
	at := strings.LastIndex(row, text)
	if at < 0 {
		return false
	}
	column := len([]rune(row[:at]))
	return has(column, s.emulator.CursorPosition().Y)
}

// Until waits until a condition on the screen holds. It fails the test with what the
// screen shows if it never does.
func (s *Screen) Until(what string, holds func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(HangTimeout); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("the screen never shows %s:\n%s", what, s.Text())
		}
	}
}

// MustHave waits until the screen shows text.
func (s *Screen) MustHave(text string) {
	s.t.Helper()
	s.Until(text, func() bool { return strings.Contains(s.Text(), text) })
}

// MustNotHave waits until the screen no longer shows text.
func (s *Screen) MustNotHave(text string) {
	s.t.Helper()
	s.Until("something else than "+text, func() bool { return !strings.Contains(s.Text(), text) })
}

// MustHaveRow waits until the cursor is in the row that is given.
func (s *Screen) MustHaveRow(row string) {
	s.t.Helper()
	s.Until("the row "+row, func() bool { return s.Row() == row })
}
