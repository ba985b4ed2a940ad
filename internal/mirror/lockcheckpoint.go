package mirror

import (
	"errors"
	"fmt"

	"github.com/ectl-io/ectl/internal/atomicfile"
	"github.com/ectl-io/ectl/internal/exit"
)

// lockSuffix ends the name of the lock file beside a checkpoint.
const lockSuffix = ".lock"

// lockCheckpoint keeps other processes off the checkpoint at path. Of two mirrors the
// slower one would write old values over newer ones. The lock ends with release, or
// with the process. Its file stays.
func lockCheckpoint(path string) (release func(), err error) {
	lock, err := atomicfile.TryLock(path + lockSuffix)
	switch {
	case errors.Is(err, atomicfile.ErrLocked):
		return nil, fmt.Errorf("another make-mirror is at work with the checkpoint %s", path)
	case err != nil:
		return nil, exit.With(exit.IO, fmt.Errorf("cannot lock the checkpoint: %w", err))
	}
	return lock.Release, nil
}
