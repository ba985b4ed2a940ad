package atomicfile

import (
	"fmt"
	"io/fs"
	"os"
	"runtime"
)

// CheckPrivate returns an error if another user owns the file or folder at path, or may
// read or change it. info describes it. Windows has no such permissions.
func CheckPrivate(path string, info fs.FileInfo) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	if owner, _, known := ownerOf(info); known && owner != os.Geteuid() {
		return fmt.Errorf("%s belongs to another user", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("other users can access %s (mode %#o): chmod go= %s", path, info.Mode().Perm(), path)
	}
	return nil
}
