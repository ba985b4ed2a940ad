package mirror

import (
	"errors"
	"fmt"

	"github.com/ectl-io/ectl/internal/atomicfile"
	"github.com/ectl-io/ectl/internal/exit"
)

// claimSuffix is what the name of the file has that says whose turn it is.
const claimSuffix = ".lock"

// claim makes sure that only one mirror goes on from the checkpoint at path: of
// two the slower one would write what was, over what the other has written since.
// The claim ends with release, or with the process, however that ends. The file
// beside the checkpoint stays.
func claim(path string) (release func(), err error) {
	lock, err := atomicfile.TryLock(path + claimSuffix)
	switch {
	case errors.Is(err, atomicfile.ErrLocked):
		return nil, fmt.Errorf("another make-mirror is at work with the checkpoint %s", path)
	case err != nil:
		return nil, exit.With(exit.IO, fmt.Errorf("cannot lock the checkpoint: %w", err))
	}
	return lock.Release, nil
}
