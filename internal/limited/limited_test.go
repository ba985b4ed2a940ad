package limited

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// endless has x without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestAsMuchAsTheLimitIsRead(t *testing.T) {
	const limit = 1 << 16
	whole := strings.Repeat("x", limit)
	if got, err := ReadAll(strings.NewReader(whole), "it", limit); err != nil || string(got) != whole {
		t.Errorf("ReadAll = %d bytes, %v", len(got), err)
	}
	for rest, want := range map[string]string{"\nmore": whole[1:] + "\n", "": whole} {
		t.Run(rest, func(t *testing.T) {
			in := bufio.NewReader(strings.NewReader(want + rest[min(1, len(rest)):]))
			got, err := ReadLine(in, limit)
			if ended := errors.Is(err, io.EOF); got != want || ended != (rest == "") {
				t.Errorf("ReadLine = %d bytes, %v", len(got), err)
			}
		})
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadFile(file, limit); err != nil || string(got) != whole {
		t.Errorf("ReadFile = %d bytes, %v", len(got), err)
	}
	if _, err := ReadFile(file, limit-1); err == nil || err.Error() != "read "+file+": the file exceeds the limit of 65535 bytes" {
		t.Errorf("ReadFile of a larger file: %v", err)
	}
}

func TestWhatHasNoEndIsNotReadFurther(t *testing.T) {
	_, err := ReadAll(endless{}, "standard input", 64<<10)
	if err == nil || err.Error() != "standard input exceeds the limit of 64 KiB" {
		t.Errorf("ReadAll: %v", err)
	}
	_, err = ReadLine(bufio.NewReader(endless{}), 2<<20)
	if err == nil || err.Error() != "the line exceeds the limit of 2 MiB" {
		t.Errorf("ReadLine: %v", err)
	}
}
