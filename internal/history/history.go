// Package history keeps the lines that a user has typed, in a file that several sessions
// share.
package history

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ectl-io/ectl/internal/atomicfile"
	"github.com/ectl-io/ectl/internal/limited"
)

// maxEntries is the maximum number of entries that are kept. Only a file with many more is
// shortened.
const maxEntries = 10_000

// maxFile is the maximum size of the file that is read, in bytes.
const maxFile = 64 << 20

// History holds the entries. A session sees those of other sessions after Load.
type History struct {
	path    string // empty: the entries are only in memory
	entries []string
	end     int64       // of the part of the file that was read
	read    fs.FileInfo // the file that it was read from, or nil
}

// Path returns the path of the history file called name, in the folder for the state of
// the user's programs. It returns an empty string if there is none.
func Path(lookup func(string) (string, bool), name string) string {
	for _, place := range []struct{ variable, below string }{
		{"XDG_STATE_HOME", "ectl"}, {"HOME", ".local/state/ectl"}, {"LocalAppData", "ectl"},
	} {
		if folder, _ := lookup(place.variable); filepath.IsAbs(folder) {
			return filepath.Join(folder, filepath.FromSlash(place.below), name)
		}
	}
	return ""
}

// New returns the history in the file at path. If path is empty, it is only in memory.
func New(path string) *History { return &History{path: path} }

// Entries returns the entries, oldest first.
func (h *History) Entries() []string { return h.entries }

// Last returns the latest entry, or an empty string.
func (h *History) Last() string {
	if len(h.entries) == 0 {
		return ""
	}
	return h.entries[len(h.entries)-1]
}

// Forget makes the history forget where its file is. The entries stay in memory.
func (h *History) Forget() { h.path = "" }

// Load reads the entries that were added to the file since the last Load.
func (h *History) Load() error {
	if h.path == "" {
		return nil
	}
	info, err := os.Lstat(h.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case h.read != nil && os.SameFile(h.read, info) && info.Size() == h.end:
		return nil
	}
	file, err := atomicfile.OpenPrivate(h.path)
	if err != nil {
		return err
	}
	defer file.Close()
	first := h.read == nil || !os.SameFile(h.read, info) || info.Size() < h.end
	if first {
		h.end = 0
	}
	text, err := limited.ReadAll(io.NewSectionReader(file, h.end, maxFile), h.path, maxFile)
	if err != nil {
		return err
	}
	text = text[:bytes.LastIndexByte(text, '\n')+1] // another session may be writing the rest
	entries := decode(string(text))
	switch {
	case !first:
		h.entries = append(h.entries, entries...)
	case h.end == 0 && h.read == nil:
		h.entries = append(entries, h.entries...)
	default: // another session has shortened the file
		h.entries = entries
	}
	h.end += int64(len(text))
	h.read = info
	if first && len(entries) > maxEntries+maxEntries/2 {
		return h.shorten()
	}
	return nil
}

// shorten keeps the latest entries.
func (h *History) shorten() error {
	h.entries = h.entries[len(h.entries)-maxEntries:]
	lock, err := atomicfile.TryLock(h.path + ".lock")
	if err != nil {
		return nil // another session does it
	}
	defer lock.Remove()
	var text strings.Builder
	for _, entry := range h.entries {
		text.WriteString(encode(entry))
	}
	file, err := atomicfile.Write(h.path, []byte(text.String()), 0o600)
	if err != nil {
		return err
	}
	if err := file.Commit(); err != nil {
		return err
	}
	h.end = int64(text.Len())
	h.read, err = os.Lstat(h.path)
	return err
}

// Add adds an entry, unless it repeats the last one.
func (h *History) Add(entry string) error {
	if entry == h.Last() {
		return nil
	}
	if h.path == "" {
		h.entries = append(h.entries, entry)
		return nil
	}
	err := h.Load()
	h.entries = append(h.entries, entry)
	if err == nil {
		err = h.write(entry)
	}
	if err != nil {
		return fmt.Errorf("write the history: %w", err)
	}
	return nil
}

// AddUnwritten adds an entry that is not written to the file.
func (h *History) AddUnwritten(entry string) {
	if entry != h.Last() {
		h.entries = append(h.entries, entry)
	}
}

// write appends an entry to the file. Other sessions do the same, so it is written at
// once.
func (h *History) write(entry string) error {
	if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
		return err
	}
	file, err := atomicfile.OpenPrivate(h.path)
	if err != nil {
		return err
	}
	text := []byte(encode(entry))
	n, err := file.Write(text)
	if err != nil {
		if info, statErr := file.Stat(); statErr == nil && n > 0 && info.Size() == h.end+int64(n) {
			_ = file.Truncate(h.end) // a part of an entry would join with the next one
		}
		_ = file.Close()
		return err
	}
	if info, err := file.Stat(); err == nil && info.Size() == h.end+int64(len(text)) {
		h.end, h.read = info.Size(), info
	}
	return file.Close()
}

// encode returns an entry as it is in the file: a line. A line break in it follows a
// backslash, as in the files of shells.
func encode(entry string) string {
	entry = strings.ReplaceAll(entry, "\n", "\\\n")
	if strings.HasSuffix(entry, `\`) {
		entry += " " // else the entry would go on
	}
	return entry + "\n"
}

// decode returns the entries of a file.
func decode(text string) []string {
	var entries []string
	open := ""
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if begin, goesOn := strings.CutSuffix(line, `\`); goesOn {
			open += begin + "\n"
			continue
		}
		if entry := open + line; strings.TrimSpace(entry) != "" {
			entries = append(entries, entry)
		}
		open = ""
	}
	return entries
}
