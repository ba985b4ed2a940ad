package atomicfile

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// leftover describes a temporary file.
type leftover struct {
	path   string
	id     string
	suffix string
}

// leftoversOf lists the temporary files of a target. Some of them may belong to a process
// that is running.
func leftoversOf(target string) []leftover {
	folder := filepath.Dir(target)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil // without a list there is nothing to recover
	}
	var all []leftover
	for _, entry := range entries {
		rest, ours := strings.CutPrefix(entry.Name(), filepath.Base(target)+".")
		if !ours || !entry.Type().IsRegular() {
			continue
		}
		id, suffix := rest, filepath.Ext(rest)
		id = strings.TrimSuffix(id, suffix)
		switch suffix {
		case partSuffix, replaceSuffix, createSuffix, beforeSuffix:
		default:
			continue
		}
		if _, err := hex.DecodeString(id); err != nil || len(id) != idLength && len(id) != idLength+2*sumSize {
			continue
		}
		all = append(all, leftover{filepath.Join(folder, entry.Name()), id, suffix})
	}
	return all
}

// take opens and locks a temporary file. ok is false if another process has locked the
// file, or if another user may have created it.
func (l leftover) take(target string) (file *os.File, ok bool) {
	file, err := Open(l.path)
	if err != nil {
		return nil, false
	}
	if trusted(file, target) && lockFile(file) == nil && isAt(file, l.path) {
		return file, true
	}
	_ = file.Close()
	return nil, false
}

// trusted reports whether a temporary file belongs to this user or to the owner of its
// target. The owner of the target could write the target anyway. If the owner is unknown,
// the file is trusted.
func trusted(file *os.File, target string) bool {
	info, err := file.Stat()
	if err != nil {
		return false
	}
	owner, _, known := ownerOf(info)
	if !known || owner == os.Geteuid() {
		return true
	}
	named, err := os.Lstat(target)
	if err != nil {
		return false
	}
	other, _, _ := ownerOf(named)
	return other == owner
}

// remove removes a temporary file that no other process has locked. It renames an old
// file back if its target does not exist.
func (l leftover) remove(target string) {
	file, ok := l.take(target)
	if !ok {
		return
	}
	_ = closeToRename(file)
	if _, err := os.Lstat(target); l.suffix == beforeSuffix && errors.Is(err, fs.ErrNotExist) {
		_ = os.Rename(l.path, target)
	} else {
		_ = os.Remove(l.path)
	}
	_ = file.Close()
}

// removeParts removes the incomplete temporary files of a target.
func removeParts(target string) {
	for _, l := range leftoversOf(target) {
		if l.suffix == partSuffix {
			l.remove(target)
		}
	}
}

// discardMarks removes the marks of complete sets that end with target.
func discardMarks(target string) {
	for _, l := range leftoversOf(target) {
		if l.suffix == replaceSuffix || l.suffix == createSuffix {
			l.remove(target)
		}
	}
}

// Recover completes a set of these files that a killed run has begun to rename. The paths
// must be in the order of WriteSet. Recover also removes the temporary files of killed
// runs. finished reports whether the files are now those of such a run.
func Recover(ctx context.Context, paths ...string) (finished bool, err error) {
	var targets []string
	found := false
	for _, path := range paths {
		target, err := targetOf(path)
		if err != nil {
			return false, nil // a write to this path reports the error
		}
		targets = append(targets, target)
		_, err = os.Lstat(target + lockSuffix)
		found = found || err == nil || len(leftoversOf(target)) > 0
	}
	if !found {
		return false, nil
	}
	unlock, err := lockAll(ctx, targets)
	if err != nil {
		return false, err
	}
	defer unlock()
	last := targets[len(targets)-1]
	for _, l := range leftoversOf(last) {
		if l.suffix != replaceSuffix && l.suffix != createSuffix || len(targets) == 1 {
			continue
		}
		done, err := finish(targets, l)
		if err != nil {
			return false, fmt.Errorf("cannot complete a run that was killed: %w", err)
		}
		finished = finished || done
	}
	for _, target := range targets {
		for _, l := range leftoversOf(target) {
			if l.suffix == partSuffix || l.suffix == beforeSuffix {
				l.remove(target)
			}
		}
	}
	return finished, nil
}

// halfDone holds a set that a killed run has completed, but maybe not renamed.
type halfDone struct {
	targets []string
	files   []*os.File
	placed  []bool // whether the file has its final name
	mark    leftover
}

// finish renames the files of the set that ends with mark. It discards the set in two
// cases. Either the content of its files has changed, or its files must be new and
// another file has one of their names.
func finish(targets []string, mark leftover) (done bool, err error) {
	h := halfDone{targets: targets, mark: mark}
	defer h.close()
	if !h.open() {
		h.discard()
		return false, nil
	}
	if mark.suffix == createSuffix && h.taken() {
		for i, target := range targets {
			if h.placed[i] || isAt(h.files[i], target) {
				_ = os.Remove(target)
			}
		}
		h.discard()
		return false, nil
	}
	for i, target := range targets {
		if h.placed[i] {
			continue
		}
		linked := isAt(h.files[i], target)
		if err := closeToRename(h.files[i]); err != nil {
			return false, err
		}
		if linked {
			err = os.Remove(h.temporary(i)) // the killed run was about to do this
		} else {
			err = os.Rename(h.temporary(i), target)
		}
		if err != nil {
			return false, err
		}
		syncFolder(target)
	}
	return true, nil
}

func (h *halfDone) close() {
	for _, file := range h.files {
		_ = file.Close()
	}
}

// discard removes the mark. Recover removes the other files as those of any killed run.
func (h *halfDone) discard() {
	h.close()
	h.mark.remove(h.targets[len(h.targets)-1])
}

// temporary returns the temporary path of file i.
func (h *halfDone) temporary(i int) string {
	if i == len(h.targets)-1 {
		return h.mark.path
	}
	return h.targets[i] + "." + h.mark.id + partSuffix
}

// open opens the files of the set. It reports whether all of them exist and match the
// checksum.
func (h *halfDone) open() bool {
	random, want := h.mark.id[:idLength], h.mark.id[idLength:]
	all := newSum(random)
	for i, target := range h.targets {
		part := leftover{path: h.temporary(i)}
		file, err := Open(part.path)
		placed := errors.Is(err, fs.ErrNotExist)
		if placed {
			file, err = Open(target)
		} else if err == nil {
			_ = file.Close()
			var ok bool
			if file, ok = part.take(target); !ok {
				return false
			}
		}
		if err != nil {
			return false
		}
		h.files, h.placed = append(h.files, file), append(h.placed, placed)
		content, err := readAll(file)
		if err != nil {
			return false
		}
		all.add(content)
	}
	return all.String() == want
}

// taken reports whether another file has the name of a file of the set.
func (h *halfDone) taken() bool {
	for i, target := range h.targets {
		if _, err := os.Lstat(target); err == nil && !h.placed[i] && !isAt(h.files[i], target) {
			return true
		}
	}
	return false
}
