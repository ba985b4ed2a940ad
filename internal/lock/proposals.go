package lock

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/limited"
)

// maxProposal is the max length of a line, in bytes. It exceeds the largest value that a
// server accepts.
const maxProposal = 16 << 20

// Proposals returns a channel with the lines of r, without their line endings. The
// channel is closed at the end of r, or after warn has received an error of reading. The
// reading goroutine is not waited for, because a read cannot be interrupted.
func Proposals(r io.Reader, warn func(sentence string)) <-chan string {
	all := make(chan string)
	crash.Go(func() {
		defer close(all)
		for in := bufio.NewReader(r); ; {
			line, err := limited.ReadLine(in, maxProposal)
			if line = strings.TrimSuffix(line, "\n"); err == nil || line != "" {
				all <- line
			}
			if err != nil && !errors.Is(err, io.EOF) {
				warn("standard input is not read any more: " + err.Error())
			}
			if err != nil {
				return
			}
		}
	})
	return all
}
