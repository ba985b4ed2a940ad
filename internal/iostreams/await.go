package iostreams

import (
	"context"
	"os"

	"github.com/ectl-io/ectl/internal/crash"
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

// ReadFile is os.ReadFile, which ends with ctx: the file may be a pipe.
func ReadFile(ctx context.Context, path string) ([]byte, error) {
	return Await(ctx, func() ([]byte, error) { return os.ReadFile(path) })
}
