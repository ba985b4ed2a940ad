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

// OpenPrivate opens the file at path, to read it and to append to it. It creates the file
// with the mode 0600. It follows no symbolic link, and accepts only a regular file that
// no other user can access.
func OpenPrivate(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE|openFlags, privateMode)
	if err != nil {
		return nil, explainOpen(path, err)
	}
	info, err := file.Stat()
	if err == nil {
		err = checkRegular(path, info)
	}
	if err == nil {
		err = CheckPrivate(path, info)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// CheckUnchangeable returns an error if another user owns the folder at path, or may
// replace files in it. info describes it.
func CheckUnchangeable(path string, info fs.FileInfo) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	if owner, _, known := ownerOf(info); known && owner != os.Geteuid() {
		return fmt.Errorf("%s belongs to another user", path)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("other users can write to %s (mode %#o): chmod go-w %s", path, info.Mode().Perm(), path)
	}
	return nil
}
