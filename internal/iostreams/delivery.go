package iostreams

import (
	"context"
	"errors"
	"io"
	"os"
	"time"
)

// What becomes of an output that does not arrive.
var (
	errClosed    = errors.New("standard output is closed")
	errNull      = errors.New("standard output is " + os.DevNull + ", which keeps nothing")
	errNoReader  = errors.New("standard output has no reader")
	errNotOpened = errors.New("standard output cannot be examined")
)

// closedOutput stands for a standard output that was closed when the program
// began.
type closedOutput struct{}

// Write implements io.Writer.
func (closedOutput) Write([]byte) (int, error) { return 0, errClosed }

// ChildOut is the standard output of a command that the program starts. If ours
// was closed the command gets what Go's runtime opened in its place, the null
// device: os/exec would make a pipe of any writer that is no file, and break it at
// the first error of that writer.
func (s *Streams) ChildOut() io.Writer {
	if _, closed := s.Out.(closedOutput); closed {
		return os.Stdout
	}
	return s.Out
}

// Keeps returns an error if what is written to standard output is lost: it
// is closed, the null device, or a pipe or a connection whose other end has gone.
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

// Lost returns an error if the reader of a pipe has gone and has not read all that
// was written.
func (s *Streams) Lost() error {
	file, ok := s.Out.(*os.File)
	if !ok {
		return nil
	}
	gone := !hasReader(file) // before it is known what was read
	if waiting, isPipe := unread(file); gone && isPipe && waiting > 0 {
		return errNoReader
	}
	return nil
}

const (
	// unreadFor is how long Delivered waits for a reader that has not begun to
	// read. The shell may take a moment to find out that there is no such program.
	unreadFor = time.Second

	unreadPause = 5 * time.Millisecond
)

// Delivered returns an error if what was written to standard output is lost. It
// returns when a pipe was read to its end, and after a while if its reader only
// keeps it open.
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
			return nil // it was read, whether the reader goes on or not
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
