// Package limited reads files, lines and streams up to a limit, because some have no
// end (/dev/zero).
package limited

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// Error reports that there was more to read than the limit allows.
type Error struct {
	What string // what is too large: "the file", "the line"
	Max  int    // in bytes
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("%s has more than %s, which is the limit", e.What, size(e.Max))
}

func size(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}

// ReadAll reads all of r, at most maxSize bytes. what names it in the error.
func ReadAll(r io.Reader, what string, maxSize int) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, int64(maxSize)+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxSize {
		return nil, &Error{what, maxSize}
	}
	return content, nil
}

// ReadFile reads the file at path, at most maxSize bytes.
func ReadFile(path string, maxSize int) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := ReadAll(file, "the file", maxSize)
	if tooLarge, ok := errors.AsType[*Error](err); ok {
		return nil, &os.PathError{Op: "read", Path: path, Err: tooLarge}
	}
	return content, err
}

// ReadLine reads up to and including the end of a line, as
// bufio.Reader.ReadString does, at most maxSize bytes.
func ReadLine(r *bufio.Reader, maxSize int) (string, error) {
	var line bytes.Buffer
	for {
		part, err := r.ReadSlice('\n')
		if line.Len()+len(part) > maxSize {
			return "", &Error{"the line", maxSize}
		}
		line.Write(part)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line.String(), err
		}
	}
}
