package iostreams

import (
	"context"
	"errors"
	"io"
	"os"
	"time"
)

// The reasons why output is lost.
var (
	errClosed    = errors.New("standard output is closed")
	errNull      = errors.New("standard output is " + os.DevNull + ", which keeps nothing")
	errNoReader  = errors.New("standard output has no reader")
	errNotOpened = errors.New("standard output cannot be examined")
)

// closedOutput replaces a standard output that was closed when the program started.
type closedOutput struct{}

// Write implements io.Writer.
func (closedOutput) Write([]byte) (int, error) { return 0, errClosed }

// ChildOut returns the standard output for a command that the program starts. If standard
// output was closed, the command gets the null device, which Go's runtime opened in its
// place. For a writer that is not a file, os/exec would create a pipe. It would break the
// pipe at the first error of the writer.
func (s *Streams) ChildOut() io.Writer {
	if _, closed := s.Out.(closedOutput); closed {
		return os.Stdout
	}
	return s.Out
}

// Keeps returns an error if output to standard output would be lost. This is so if
// standard output is closed or the null device, or if the other end of its pipe or
// connection is closed.
func (s *Streams) Keeps() error {
	if _, closed := s.Out.(closedOutput); closed {
		return errClosed
	}
	file, ok := s.Out.(*os.File)
	if !ok {
		return nil
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(errNotOpened, err)
	}
	if null, err := os.Stat(os.DevNull); err == nil && os.SameFile(info, null) {
		return errNull
	}
	if !hasReader(file) {
		return errNoReader
	}
	return nil
}

// Lost returns an error if the reader of a pipe has closed it and has not read all
// output.
func (s *Streams) Lost() error {
	file, ok := s.Out.(*os.File)
	if !ok {
		return nil
	}
	gone := !hasReader(file) // first, as the reader may read the rest and then close
	if waiting, isPipe := unread(file); gone && isPipe && waiting > 0 {
		return errNoReader
	}
	return nil
}

const (
	// unreadFor is the time that Delivered waits for a reader that keeps a pipe open and
	// does not read. The shell may need a moment to find out that a program does not
	// exist.
	unreadFor = time.Second

	unreadPause = 5 * time.Millisecond
)

// Delivered returns an error if output to standard output is lost. It returns nil when
// the reader has read all data of a pipe. If the reader only keeps the pipe open, it
// returns nil after unreadFor. If ctx is done first, it returns the cause of ctx.
func (s *Streams) Delivered(ctx context.Context) error {
	file, ok := s.Out.(*os.File)
	if !ok {
		return s.Keeps()
	}
	for deadline := time.Now().Add(unreadFor); ; {
		reader := hasReader(file)
		waiting, isPipe := unread(file)
		switch {
		case isPipe && waiting == 0:
			return nil // all was read, even if the reader has closed the pipe
		case !reader:
			return errNoReader
		case !isPipe || time.Now().After(deadline):
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(unreadPause):
		}
	}
}
