// Package snapshot copies the database of a member to a file.
package snapshot

import (
	"context"
	"fmt"
	"io"

	"github.com/ectl-io/ectl/internal/atomicfile"
	"github.com/ectl-io/ectl/internal/etcd"
)

// Saved describes a finished copy.
type Saved struct {
	Size    int64  // of the file in bytes, with its checksum
	Version string // of the server's storage; servers before 3.6 do not report it
}

// Save copies the database of the client's member to the file at path. The file gets its
// name only when the copy is complete and on disk. Save calls begin when the server
// begins to send. The writer that begin returns receives every byte, to show progress.
// The copy ends with ctx.
func Save(ctx context.Context, client *etcd.Client, path string, begin func() io.Writer) (saved Saved, err error) {
	file, err := atomicfile.Create(path)
	if err != nil {
		return saved, fmt.Errorf("could not create a temporary file next to %s (%w)", path, err)
	}
	defer file.Abort() // no effect after Commit
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	parts, err := request(ctx, client.ActiveConnection(), client.StreamOptions())
	if err != nil {
		return saved, serverError(err)
	}
	first, err := parts.Recv()
	if err != nil {
		return saved, serverError(err)
	}
	sum := newChecksum()
	saved.Version = first.version
	saved.Size, err = copyTo(file.File, sum, begin(), first, parts)
	if err != nil {
		return saved, fmt.Errorf("could not write snapshot: %w", serverError(err))
	}
	if err := sum.verify(); err != nil {
		return saved, err
	}
	return saved, file.Commit()
}
