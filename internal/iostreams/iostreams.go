// Package iostreams holds the streams and the environment of one run as a value, so
// that a test can use its own.
package iostreams

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Streams is what the program reads from, writes to and is told by its
// environment.
type Streams struct {
	In  io.Reader
	Out io.Writer // data
	Err io.Writer // everything else

	// Terminal is the terminal that the user sits at: where In is one. It is
	// nil without one: in scripts, pipes and tests.
	Terminal *os.File

	// OutIsTerminal says that data is read by a person and not by a program.
	OutIsTerminal bool

	// ErrIsTerminal says that a person watches what is not data.
	ErrIsTerminal bool

	// Environ is the environment, in the form of os.Environ.
	Environ []string

	// Signals are those that would end the program. It is nil where there are
	// none, in tests.
	Signals *Signals
}

// System returns the streams of the process.
func System() *Streams {
	s := &Streams{
		In:            os.Stdin,
		Out:           os.Stdout,
		Err:           os.Stderr,
		OutIsTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		ErrIsTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		Environ:       os.Environ(),
	}
	if closedAtStart() {
		s.Out, s.OutIsTerminal = closedOutput{}, false
	}
	if term.IsTerminal(int(os.Stdin.Fd())) {
		s.Terminal = os.Stdin
	}
	return s
}

// LookupEnv returns the value of the variable name, and whether it is set.
// Like os.Getenv it takes the last of several settings.
func (s *Streams) LookupEnv(name string) (value string, ok bool) {
	for _, env := range s.Environ {
		if k, v, found := strings.Cut(env, "="); found && k == name {
			value, ok = v, true
		}
	}
	return value, ok
}

// Colour says whether text for a stream that is a terminal, or is not, is
// coloured: only there, and unless NO_COLOR asks for none (no-color.org) or the
// terminal cannot.
func (s *Streams) Colour(isTerminal bool) bool {
	unwanted, _ := s.LookupEnv("NO_COLOR")
	terminal, _ := s.LookupEnv("TERM")
	return isTerminal && unwanted == "" && terminal != "dumb"
}
