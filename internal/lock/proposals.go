package lock

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/limited"
)

// maxProposal is how long a line may be, in bytes: longer than a server accepts a
// value.
const maxProposal = 16 << 20

// Proposals are the lines of r, without their line endings. The goroutine that reads
// them is not waited for, because a read cannot be interrupted.
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
