package iostreams

import (
	"context"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/limited"
)

// Await returns the results of read, or the cause of ctx if ctx is done first. Use it for
// work that takes no context: long computations, pipes without a writer, network file
// systems, terminals.
//
// Such work cannot be cancelled. Its goroutine keeps running, because an interrupted
// program is about to exit.
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

// maxFile is the maximum size of a file, in bytes. Files of keys and certificates are
// smaller.
const maxFile = 16 << 20

// ReadFile returns the content of a file of at most 16 MiB. It returns the cause of ctx
// if ctx is done first, because the file may be a pipe.
func ReadFile(ctx context.Context, path string) ([]byte, error) {
	return Await(ctx, func() ([]byte, error) { return limited.ReadFile(path, maxFile) })
}
