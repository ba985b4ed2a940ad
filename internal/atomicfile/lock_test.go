package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestALockIsHeldOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	lock, err := TryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := TryLock(path); !errors.Is(err, ErrLocked) {
		t.Errorf("locked twice: %v", err)
	}
	lock.Release()
	if lock, err = TryLock(path); err != nil {
		t.Fatal(err)
	}
	lock.Remove()
	if _, err := os.Lstat(path); err == nil {
		t.Error("the file of the lock is left")
	}
}

func TestALockOfAnotherKindIsRefused(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "precious"), "content")
	for name, target := range map[string]string{"link": "precious", "dangling": "nothing", "folder": ""} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(folder, name)
			if target == "" {
				if err := os.Mkdir(path, 0o700); err != nil {
					t.Fatal(err)
				}
			} else if err := os.Symlink(target, path); err != nil {
				t.Skipf("no links here: %v", err)
			}
			if lock, err := TryLock(path); err == nil {
				t.Errorf("a %s is taken for a lock", name)
				lock.Release()
			}
		})
	}
	if _, err := os.Lstat(filepath.Join(folder, "nothing")); err == nil {
		t.Error("a file was created where a link leads to")
	}
	// A file that holds something is not removed with the lock.
	lock, err := TryLock(filepath.Join(folder, "precious"))
	if err != nil {
		t.Fatal(err)
	}
	lock.Remove()
	if got, err := os.ReadFile(filepath.Join(folder, "precious")); err != nil || string(got) != "content" {
		t.Errorf("the file has %q, %v", got, err)
	}
}
