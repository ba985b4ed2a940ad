// Package iostreams holds the streams and the environment of one run as a value, so
// that a test can use its own.
package iostreams

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Streams holds the input, the outputs, the environment and the signals of one run.
type Streams struct {
	In  io.Reader
	Out io.Writer // data
	Err io.Writer // everything else

	// Terminal is the terminal of the user, if In is one. It is nil in scripts, pipes and
	// tests.
	Terminal *os.File

	// Typed reads what is typed at Terminal. nil means Terminal itself. A shell has read
	// keys ahead, and ends an unfinished read together with its command.
	Typed io.Reader

	// OutIsTerminal reports that Out is a terminal, so a person reads the data.
	OutIsTerminal bool

	// ErrIsTerminal reports that Err is a terminal, so a person reads messages and
	// progress.
	ErrIsTerminal bool

	// Environ holds the environment, in the form of os.Environ.
	Environ []string

	// Signals receives the signals that end the program. It is nil in tests.
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

// LookupEnv returns the value of the variable name, and whether it is set. If it is set
// several times, the last value counts.
func (s *Streams) LookupEnv(name string) (value string, ok bool) {
	for _, env := range s.Environ {
		// This runs dozens of times at each start, so it does not search for the "=".
		if len(env) > len(name) && env[len(name)] == '=' && env[:len(name)] == name {
			value, ok = env[len(name)+1:], true
		}
	}
	return value, ok
}

// Colour reports whether text for a stream is coloured. It returns false if the stream is
// not a terminal, if NO_COLOR is not empty (no-color.org), or if TERM is "dumb" or not
// set: nothing is known of such a terminal.
func (s *Streams) Colour(isTerminal bool) bool {
	unwanted, _ := s.LookupEnv("NO_COLOR")
	terminal, _ := s.LookupEnv("TERM")
	return isTerminal && unwanted == "" && terminal != "" && terminal != "dumb"
}
