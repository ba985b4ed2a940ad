package reminder

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ectl-io/ectl/internal/iostreams"
)

func TestAWarningIsDueOnceAnHour(t *testing.T) {
	home := t.TempDir()
	s := &iostreams.Streams{Environ: []string{"HOME=" + home}}
	now := time.Now()
	for _, step := range []struct {
		subject string
		after   time.Duration
		want    bool
	}{
		{"a", 0, true},
		{"a", time.Minute, false},
		{"b", time.Minute, true},
		{"a", Interval - time.Second, false},
		{"a", Interval, true}, // b stays
		{"b", Interval, false},
		{"a", 2*Interval - time.Second, false},
		{"a", 0, true}, // the clock was put back
	} {
		if got := Due(s, step.subject, now.Add(step.after)); got != step.want {
			t.Errorf("%s after %s: due %t, want %t", step.subject, step.after, got, step.want)
		}
	}
	folder := filepath.Join(home, ".local/state/ectl/warnings")
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v, want the mode 0700", info, err)
	}
	Due(s, "c", now.Add(9*Interval))
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("%d files are left, %v, want the newest only", len(entries), err)
	}
}

func TestAWarningIsDueIfNothingCanBeRemembered(t *testing.T) {
	open := t.TempDir()
	if err := os.MkdirAll(filepath.Join(open, "ectl/warnings"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, environ := range [][]string{nil, {"HOME="}, {"HOME=relative"}, {"XDG_STATE_HOME=" + open}, {"XDG_STATE_HOME=" + file}} {
		for range 2 {
			if !Due(&iostreams.Streams{Environ: environ}, "a", time.Now()) {
				t.Errorf("%q: the warning is not due", environ)
			}
		}
	}
}
