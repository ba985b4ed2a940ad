// Package reminder limits how often a warning is repeated, over several runs of the
// program.
package reminder

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"time"

	"github.com/ectl-io/ectl/internal/atomicfile"
	"github.com/ectl-io/ectl/internal/iostreams"
)

// Interval is the time for which a warning is not repeated.
const Interval = time.Hour

// Due reports whether the warning called subject should be printed, and remembers that it
// was. It remembers with a file in a private folder of the user. If that is not possible,
// the warning is due.
func Due(s *iostreams.Streams, subject string, now time.Time) bool {
	folder := folderOf(s)
	if folder == "" || os.MkdirAll(folder, 0o700) != nil {
		return true
	}
	info, err := os.Lstat(folder)
	if err != nil || !info.IsDir() || atomicfile.CheckPrivate(folder, info) != nil {
		return true
	}
	sum := sha256.Sum256([]byte(subject))
	path := filepath.Join(folder, hex.EncodeToString(sum[:16]))
	if info, err := os.Lstat(path); err == nil && recent(info.ModTime(), now) {
		return false
	}
	removeOld(folder, now)
	if file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
		_ = file.Close()
		_ = os.Chtimes(path, now, now)
	}
	return true
}

// recent reports whether then is less than an interval ago. A time in the future is not:
// the clock was changed.
func recent(then, now time.Time) bool {
	return !then.After(now) && now.Sub(then) < Interval
}

// removeOld removes the files that no longer have an effect.
func removeOld(folder string, now time.Time) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() && !recent(info.ModTime(), now) {
			_ = os.Remove(filepath.Join(folder, entry.Name()))
		}
	}
}

// folderOf returns the folder of the user for such files, or an empty string.
func folderOf(s *iostreams.Streams) string {
	for _, place := range []struct{ variable, below string }{
		{"XDG_STATE_HOME", "ectl/warnings"}, {"HOME", ".local/state/ectl/warnings"}, {"LocalAppData", "ectl/warnings"},
	} {
		if value, _ := s.LookupEnv(place.variable); filepath.IsAbs(value) {
			return filepath.Join(value, filepath.FromSlash(place.below))
		}
	}
	return ""
}
