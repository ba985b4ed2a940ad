package snapshot

import (
	"errors"
	"io"
	"os"
	"sync"
)

// The copy goes through few blocks, which are written, checked and, now and
// then, brought to the disk at the same time: a large database is on the disk
// soon after its last byte has come. Blocks are as small as what the server
// sends: larger ones have left the processor's cache when they are written.
const (
	blockSize  = 32 << 10
	blockCount = 32
	syncEvery  = 32 << 20
)

// copyTo copies what comes from src to f, and to check and progress.
func copyTo(f *os.File, check, progress io.Writer, src io.Reader) (size int64, err error) {
	spare, full := make(chan []byte, blockCount), make(chan []byte, blockCount)
	for range blockCount {
		spare <- make([]byte, blockSize)
	}
	due := make(chan struct{}, 1)
	var working sync.WaitGroup
	working.Go(func() {
		for block := range full {
			_, _ = check.Write(block)
			spare <- block[:blockSize]
		}
	})
	var syncErr error
	working.Go(func() {
		for range due {
			syncErr = errors.Join(syncErr, f.Sync())
		}
	})
	for unsynced := 0; err == nil; {
		block := <-spare
		var n int
		n, err = io.ReadFull(src, block)
		if n > 0 {
			if _, writeErr := f.Write(block[:n]); writeErr != nil {
				err = writeErr
			}
			_, _ = progress.Write(block[:n])
			size += int64(n)
			full <- block[:n]
		}
		if unsynced += n; unsynced >= syncEvery {
			unsynced = 0
			select {
			case due <- struct{}{}:
			default: // the disk is busy enough
			}
		}
	}
	close(full)
	close(due)
	working.Wait()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // ReadFull's, at the end
	}
	return size, errors.Join(err, syncErr)
}
