package mirror

import (
	"errors"
	"fmt"
	"os"

	"github.com/ectl-io/ectl/internal/exit"
)

// claimSuffix is what the name of the file has that says whose turn it is.
const claimSuffix = ".lock"

// errClaimed is that another process has the file.
var errClaimed = errors.New("in use")

// claim makes sure that only one mirror goes on from the checkpoint at path: of
// two the slower one would write what was, over what the other has written since.
// The claim ends with release, or with the process, however that ends. The file
// beside the checkpoint stays.
func claim(path string) (release func(), err error) {
	file, err := os.OpenFile(path+claimSuffix, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, exit.With(exit.IO, fmt.Errorf("cannot write the checkpoint: %w", err))
	}
	if err := lockFile(file); err != nil {
		_ = file.Close()
		if errors.Is(err, errClaimed) {
			return nil, fmt.Errorf("another make-mirror is at work with the checkpoint %s", path)
		}
		return nil, exit.With(exit.IO, fmt.Errorf("cannot lock %s: %w", file.Name(), err))
	}
	return func() { _ = file.Close() }, nil
}
