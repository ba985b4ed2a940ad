// Package secret reads secrets from files and generates new ones.
package secret

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/limited"
)

// Stdin is the file name that stands for standard input.
const Stdin = "-"

// ReadFile returns the first line of the file at path, without its line ending. If path
// is Stdin, it reads one line of stdin and no more.
//
// If other users can read the file, warning is a sentence about it. An empty first line
// is an error. If ctx is done, ReadFile returns its cause, even while the file is a pipe
// without a writer.
func ReadFile(ctx context.Context, path string, stdin *bufio.Reader) (value, warning string, err error) {
	if path == Stdin {
		value, err = firstLine(stdin, "standard input")
		return value, "", err
	}
	read, err := readFrom(ctx, path, func(file io.Reader) (string, error) {
		return firstLine(bufio.NewReader(file), path)
	})
	return read.value, read.warning, err
}

// ReadAll returns all of the file at path, for example a private key, or all of stdin if
// path is Stdin. warning and ctx are as in ReadFile.
func ReadAll(ctx context.Context, path string, stdin io.Reader) (content []byte, warning string, err error) {
	if path == Stdin {
		content, err = all(stdin)
		return content, "", err
	}
	read, err := readFrom(ctx, path, all)
	return read.value, read.warning, err
}

func all(from io.Reader) ([]byte, error) {
	return limited.ReadAll(from, "it", maxSize)
}

// exposable holds the content of a file, and a warning if other users can read the file.
type exposable[T any] struct {
	value   T
	warning string
}

// readFrom opens the file at path and reads it. It returns the cause of ctx if ctx is
// done first, because the file may be a pipe without a writer.
func readFrom[T any](ctx context.Context, path string, read func(io.Reader) (T, error)) (exposable[T], error) {
	return iostreams.Await(ctx, func() (e exposable[T], err error) {
		file, warning, err := open(path)
		if err != nil {
			return e, err
		}
		defer file.Close()
		value, err := read(file)
		return exposable[T]{value, warning}, err
	})
}

// open opens the file at path and warns if other users can read it.
func open(path string) (file *os.File, warning string, err error) {
	if file, err = os.Open(path); err != nil {
		return nil, "", err
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a directory", path)
	}
	if err != nil {
		_ = file.Close()
		return nil, "", err
	}
	// Windows has no such permission bits.
	if runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		warning = fmt.Sprintf(exposed+"%s (mode %#o): chmod 600 %s", path, info.Mode().Perm(), path)
	}
	return file, warning, nil
}

// exposed is the beginning of the warning about a file that other users can read.
const exposed = "other users can read "

// IsExposure reports whether a warning is about a file that other users can read. A
// script causes the same one with each command.
func IsExposure(warning string) bool { return strings.HasPrefix(warning, exposed) }

func firstLine(r *bufio.Reader, name string) (string, error) {
	line, err := limited.ReadLine(r, maxSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	line = strings.TrimPrefix(line, markUTF8) // of an editor, not of the secret
	if line == "" {
		return "", fmt.Errorf("the first line of %s is empty", name)
	}
	if err := CheckText(line, "the first line of "+name); err != nil {
		return "", fmt.Errorf("%w: save it as UTF-8", err)
	}
	return line, nil
}

// The byte order marks that editors write.
const (
	markUTF8    = "\xef\xbb\xbf"
	markUTF16LE = "\xff\xfe"
	markUTF16BE = "\xfe\xff"
)

// CheckText returns an error if text is not UTF-8, starts with a byte order mark, or has
// a NUL byte. etcd accepts only UTF-8 in passwords and tokens. what names the text in the
// error, which does not contain the text.
func CheckText(text, what string) error {
	switch {
	case strings.HasPrefix(text, markUTF16LE), strings.HasPrefix(text, markUTF16BE):
		return fmt.Errorf("%s is UTF-16, not UTF-8", what)
	case strings.HasPrefix(text, markUTF8):
		return fmt.Errorf("%s starts with a byte order mark", what)
	case !utf8.ValidString(text):
		return fmt.Errorf("%s is not UTF-8", what)
	case strings.Contains(text, "\x00"):
		return fmt.Errorf("%s has a NUL byte", what)
	}
	return nil
}

// maxSize is the maximum size of a secret, in bytes. A larger file is a mistake.
const maxSize = 64 << 10

// Generate returns a new random password: 26 characters with 130 random bits. They are
// capital letters and the digits from 2 to 7, so that no two look alike.
func Generate() string { return rand.Text() }
