package supervise

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAProcessIsReadWhateverItsName(t *testing.T) {
	for text, want := range map[string]processStat{
		"12 (sh) S 7 12 5 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 99 1 2":            {7, 5, 99, false},
		"12 (a) R 1) Z 7 12 5 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 99 1 2":        {7, 5, 99, true},
		"12 (new\nline () X 7 12 5 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 99 1 2\n": {7, 5, 99, true},
	} {
		t.Run(text, func(t *testing.T) {
			if got, ok := parseStat([]byte(text)); !ok || got != want {
				t.Errorf("%q is read as %+v (%t), want %+v", text, got, ok, want)
			}
		})
	}
	for _, text := range []string{"", "12 (sh", "12 (sh) S 7 12", "12 (sh) S x 12 5 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 99"} {
		t.Run(text, func(t *testing.T) {
			if got, ok := parseStat([]byte(text)); ok {
				t.Errorf("%q is read as %+v", text, got)
			}
		})
	}
	session, err := unix.Getsid(0)
	if own, ok := readStat("self"); err != nil || !ok || own.parent != os.Getppid() || own.session != session || own.started == 0 || own.ended {
		t.Errorf("this process is read as %+v (%t), its parent is %d and its session %d (%v)", own, ok, os.Getppid(), session, err)
	}
}
