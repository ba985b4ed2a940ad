package iostreams

import (
	"context"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/limited"
)

// Await returns what read returns, or the cause of ctx's end if that comes
// first. It is for what hears of no context: long computing, opening or reading a
// named pipe that has no writer, a disk behind a network, a terminal.
//
// Such work cannot be taken back. It is left to itself, because a program
// that was interrupted there is about to end.
func Await[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	results := make(chan result, 1)
	crash.Go(func() {
		value, err := read()
		results <- result{value, err}
	})
	select {
	case r := <-results:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}

// maxFile is more than any file of keys or certificates has, in bytes.
const maxFile = 16 << 20

// ReadFile is os.ReadFile, which ends with ctx: the file may be a pipe. A file
// may have 16 MiB.
func ReadFile(ctx context.Context, path string) ([]byte, error) {
	return Await(ctx, func() ([]byte, error) { return limited.ReadFile(path, maxFile) })
}
