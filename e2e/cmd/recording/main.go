// Recording draws the picture of the README: a terminal session of ectl, as an SVG. It
// runs some command lines of package tour on a throwaway etcd, each on a terminal, and
// draws what the terminal shows. A test of this program fails if the picture is out of
// date.
//
//	recording [-ectl bin/ectl] FILE
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"

	"github.com/ectl-io/ectl/e2e/tour"
)

// The size of the terminal. Rows that stay empty are not drawn.
const (
	rows    = 60
	columns = 98
)

// fixed finds what differs from run to run: a slow machine repeats requests.
var fixed = regexp.MustCompile(`\d+ requests`)

func main() {
	ectl := flag.String("ectl", filepath.Join("bin", "ectl"), "the ectl `program` to show")
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	picture, err := record(ctx, *ectl)
	stop()
	if err == nil {
		err = os.WriteFile(flag.Arg(0), []byte(picture), 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "recording:", err)
		os.Exit(1)
	}
}

// record runs the tour and returns the picture.
func record(ctx context.Context, ectl string) (_ string, err error) {
	s, err := tour.Start(ctx, ectl)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	// The settings of the reader's terminal must not change the picture.
	s.Environ = slices.DeleteFunc(s.Environ, func(variable string) bool { return strings.HasPrefix(variable, "NO_COLOR=") })
	s.Environ = append(s.Environ, "TERM=xterm-256color", "LC_ALL=C.UTF-8")

	screen := vt.NewEmulator(columns, rows)
	defer screen.Close()
	go func() { _, _ = io.Copy(io.Discard, screen) }() // its answers to the programs
	for _, step := range tour.Steps() {
		terminal := io.Discard
		if step.Picture {
			terminal = screen
		}
		if err := onTerminal(ctx, s, step, terminal); err != nil {
			return "", err
		}
	}
	return draw(screen), nil
}

// onTerminal types the command line of a step at a terminal, and copies what the terminal
// shows.
func onTerminal(ctx context.Context, s *tour.Session, step tour.Step, to io.Writer) error {
	if step.Says != "" {
		fmt.Fprintf(to, "\x1b[2m# %s\x1b[m\r\n", step.Says)
	}
	fmt.Fprintf(to, "\x1b[32m$\x1b[m \x1b[1m%s\x1b[m\r\n", step.Line)
	cmd := s.Command(ctx, step)
	control, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: rows, Cols: columns})
	if err != nil {
		return err
	}
	// The error at the end of a terminal depends on the system. The status of the command
	// shows whether it worked.
	shown, _ := io.ReadAll(control)
	err = s.Done(step, cmd.Wait())
	fmt.Fprintf(to, "%s\r\n", fixed.ReplaceAll(shown, []byte("20 requests")))
	return errors.Join(err, control.Close())
}
