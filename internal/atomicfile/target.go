package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Check returns an error if path exists and is not a regular file, nor a link to one. So
// devices such as /dev/null and /dev/stdout are not replaced.
func Check(path string) error {
	_, err := resolve(path, func(string, fs.FileInfo) error { return nil })
	return err
}

// targetOf returns the file that path leads to. It returns an error if another user may
// have created the file, or a link to it.
func targetOf(path string) (string, error) { return resolve(path, refusePlanted) }

// maxLinks is the maximum number of symbolic links that lead to a file, as in Linux.
const maxLinks = 40

// resolve returns the file that path leads to, through symbolic links in its last
// element. It calls check for each link and for the file. The file need not exist.
// resolve returns an error if the file is not regular. It also returns one for a path in
// the system's lists of open files, because standard output may be redirected to a file.
func resolve(path string, check func(path string, info fs.FileInfo) error) (string, error) {
	target := path
	for range maxLinks {
		folder, err := filepath.EvalSymlinks(filepath.Dir(target))
		if err != nil {
			return "", err
		}
		if holdsDescriptors(folder) {
			return "", refusal(path, "leads to an open file of a process, such as standard output")
		}
		info, err := os.Lstat(target)
		if errors.Is(err, fs.ErrNotExist) {
			return target, nil
		}
		if err == nil {
			err = check(target, info)
		}
		switch {
		case err != nil:
			return "", err
		case info.IsDir():
			return "", refusal(path, "is a directory")
		case info.Mode().IsRegular():
			return target, nil
		case info.Mode()&fs.ModeSymlink == 0:
			return "", &fs.PathError{Op: "replace", Path: path, Err: errSpecial}
		}
		next, err := os.Readlink(target)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(folder, next)
		}
		target = next
	}
	return "", refusal(path, "there are too many symbolic links")
}

func refusal(path, reason string) error {
	return &fs.PathError{Op: "replace", Path: path, Err: errors.New(reason)}
}

// holdsDescriptors reports whether a folder contains open files of processes.
func holdsDescriptors(folder string) bool {
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return false
	}
	for _, place := range []string{"/proc", "/dev/fd"} {
		if absolute == place || strings.HasPrefix(absolute, place+"/") {
			return true
		}
	}
	return false
}

// everybodyWrites is the mode bit that lets every user write to a folder such as /tmp.
const everybodyWrites = 0o002

// refusePlanted returns an error for a link or a file of another user in a folder that
// every user can write to. The other user would own the content, or choose its place.
func refusePlanted(path string, info fs.FileInfo) error {
	folder, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return err
	}
	owner, _, known := ownerOf(info)
	folderOwner, _, _ := ownerOf(folder)
	if known && folder.Mode().Perm()&everybodyWrites != 0 && owner != os.Geteuid() && owner != folderOwner {
		return refusal(path, "belongs to another user, and every user can write to its folder")
	}
	return nil
}
