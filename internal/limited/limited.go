// Package limited reads files, lines and streams up to a limit. Some inputs have no end,
// for example /dev/zero.
package limited

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// Error reports that the input is larger than the limit.
type Error struct {
	What string // names the input: "the file", "the line"
	Max  int    // the limit, in bytes
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("%s exceeds the limit of %s", e.What, size(e.Max))
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

// ReadAll returns the content of r. If r has more than maxSize bytes, the error is an
// *Error, in which what names r.
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

// ReadFile returns the content of the file at path. If the file has more than maxSize
// bytes, the error wraps an *Error.
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

// ReadLine returns the next line with its line ending, as bufio.Reader.ReadString does.
// If the line has more than maxSize bytes, the error is an *Error.
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
