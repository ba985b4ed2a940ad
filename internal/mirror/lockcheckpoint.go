package mirror

import (
	"errors"
	"fmt"

	"github.com/ectl-io/ectl/internal/atomicfile"
	"github.com/ectl-io/ectl/internal/exit"
)

// lockSuffix is the suffix of the lock file next to a checkpoint.
const lockSuffix = ".lock"

// lockCheckpoint locks the checkpoint at path against other processes. With two mirrors,
// the slower one would overwrite new values with old ones. The lock ends with release,
// or with the process. The lock file stays.
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
