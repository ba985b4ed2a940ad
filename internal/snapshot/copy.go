package snapshot

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/ectl-io/ectl/internal/crash"
)

const (
	// maxUnchecked limits the parts that wait to be verified. A server sends 32 KiB in
	// each.
	maxUnchecked = 32

	// syncEvery is the number of bytes that are written between two syncs to disk.
	syncEvery = 32 << 20
)

// copyTo copies first and the rest of src to f, to check and to progress. It writes,
// verifies and, at intervals, syncs the parts to disk concurrently. So a large database
// is on disk soon after its last byte has arrived. size is in bytes.
func copyTo(f *os.File, check, progress io.Writer, first part, src reader) (size int64, err error) {
	unchecked := make(chan part, maxUnchecked)
	due := make(chan struct{}, 1)
	working, _ := crash.NewGroup(context.Background(), 2)
	working.Start(func() error {
		for p := range unchecked {
			for _, piece := range p.pieces {
				_, _ = check.Write(piece)
			}
			p.free()
		}
		return nil
	})
	working.Start(func() (err error) {
		for range due {
			err = errors.Join(err, f.Sync())
		}
		return err
	})
	unsynced := 0
	for p := first; err == nil; p, err = src.Recv() {
		for _, piece := range p.pieces {
			if _, err = f.Write(piece); err != nil {
				break
			}
			_, _ = progress.Write(piece)
		}
		n := p.size()
		size += int64(n)
		unchecked <- p
		if err != nil {
			break
		}
		if unsynced += n; unsynced >= syncEvery {
			unsynced = 0
			select {
			case due <- struct{}{}:
			default: // the previous sync is still running
			}
		}
	}
	close(unchecked)
	close(due)
	syncErr := working.Wait()
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return size, errors.Join(err, syncErr)
}
