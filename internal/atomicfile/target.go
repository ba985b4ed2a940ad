package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Check is an error if path names or leads to something that is no
// file: /dev/null and /dev/stdout are to stay what they are.
func Check(path string) error {
	_, err := resolve(path, func(string, fs.FileInfo) error { return nil })
	return err
}

// targetOf is the file that path leads to. It is an error if another user may
// have put it there, or a link to it.
func targetOf(path string) (string, error) { return resolve(path, refusePlanted) }

// mostLinks is how many symbolic links may lead to a file, as in Linux.
const mostLinks = 40

// resolve returns the file that path leads to, through symbolic links in its
// last part, each of which check is called for, and for the file. The file need
// not exist. What is no regular file is an error, and so is a link through the
// system's lists of open files: if the output goes to a file, it leads there.
func resolve(path string, check func(path string, info fs.FileInfo) error) (string, error) {
	target := path
	for range mostLinks {
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

// holdsDescriptors says whether a folder has open files of processes in it.
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

// everybodyWrites is the bit in the mode of a folder such as /tmp.
const everybodyWrites = 0o002

// refusePlanted is an error for a link or a file of another user in a folder that
// everybody can write: what is written there would go where that user wants it,
// and belong to that user.
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
