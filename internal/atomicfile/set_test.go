package atomicfile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// writeSet prepares the files a and b of a folder, with the content "new".
func writeSet(t *testing.T, folder string, replace bool) *Set {
	t.Helper()
	s, err := WriteSet(replace,
		Content{filepath.Join(folder, "a"), []byte("new"), 0o600}, Content{filepath.Join(folder, "b"), []byte("new"), 0o644})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheFilesOfASetAreWrittenTogetherOrNotAtAll(t *testing.T) {
	for _, test := range []struct {
		name    string
		before  string // the names of files that are there
		replace bool
		want    string
		err     error
	}{
		{"new files", "", false, "a=new b=new", nil},
		{"new files, where others might be replaced", "", true, "a=new b=new", nil},
		{"the first is there", "a", false, "a=old", fs.ErrExist},
		{"the second is there", "b", false, "b=old", fs.ErrExist},
		{"both are replaced", "a b", true, "a=new b=new", nil},
		{"the second is replaced", "b", true, "a=new b=new", nil},
		{"the second becomes a folder", "a b/", true, "a=old b=(a folder)", errors.ErrUnsupported},
		{"the second becomes a folder, and the first is not there", "b/", true, "b=(a folder)", errors.ErrUnsupported},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := t.TempDir()
			s := writeSet(t, folder, test.replace)
			for _, name := range strings.Fields(test.before) {
				if dir, is := strings.CutSuffix(name, "/"); is {
					if err := os.Mkdir(filepath.Join(folder, dir), 0o700); err != nil {
						t.Fatal(err)
					}
					continue
				}
				write(t, filepath.Join(folder, name), "old")
			}
			err := s.Commit(t.Context())
			s.Abort()
			if (err == nil) != (test.err == nil) || errors.Is(test.err, fs.ErrExist) && !errors.Is(err, fs.ErrExist) {
				t.Errorf("%s: %v, want %v", test.name, err, test.err)
			}
			if got := contents(t, folder); got != test.want {
				t.Errorf("%s: the folder has %s, want %s", test.name, got, test.want)
			}
		})
	}
}

// What fails when the first file has its name already is undone.
func TestASetIsUndoneIfItsSecondFileCannotBeReplaced(t *testing.T) {
	for before, want := range map[string]string{"old": "a=old b=old", "": "b=old"} {
		t.Run(before, func(t *testing.T) {
			folder := t.TempDir()
			if before != "" {
				write(t, filepath.Join(folder, "a"), before)
			}
			write(t, filepath.Join(folder, "b"), "old")
			s := writeSet(t, folder, true)
			// The file beside b in which the old one is kept has its name taken.
			taken := filepath.Join(folder, "b."+s.id+beforeSuffix)
			if err := os.MkdirAll(filepath.Join(taken, "full"), 0o700); err != nil {
				t.Fatal(err)
			}
			err := s.Commit(t.Context())
			s.Abort()
			if err == nil {
				t.Fatal("nothing has failed")
			}
			if err := os.RemoveAll(taken); err != nil {
				t.Fatal(err)
			}
			if got := contents(t, folder); got != want {
				t.Errorf("the folder has %s, want %s", got, want)
			}
		})
	}
}

func TestWhatIsReplacedKeepsItsModeAndItsLinks(t *testing.T) {
	folder, elsewhere := t.TempDir(), t.TempDir()
	target := filepath.Join(elsewhere, "real")
	write(t, target, "old")
	if err := os.Chmod(target, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, filepath.Join(folder, "step")); err != nil {
		t.Skipf("no links here: %v", err)
	}
	if err := os.Symlink("step", filepath.Join(folder, "a")); err != nil {
		t.Fatal(err)
	}
	s := writeSet(t, folder, true)
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, elsewhere); got != "real=new" {
		t.Errorf("what the link leads to is %s", got)
	}
	if link, err := os.Readlink(filepath.Join(folder, "a")); err != nil || link != "step" {
		t.Errorf("the link leads to %q, %v", link, err)
	}
	for path, want := range map[string]fs.FileMode{target: 0o640, filepath.Join(folder, "b"): 0o644} {
		t.Run(path, func(t *testing.T) {
			if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != want {
				t.Errorf("the mode of %s is %v, %v; want %v", path, info.Mode(), err, want)
			}
		})
	}
}

func TestTwoNamesOfOneFileAreNoSet(t *testing.T) {
	folder := t.TempDir()
	if err := os.Symlink("b", filepath.Join(folder, "a")); err != nil {
		t.Skipf("no links here: %v", err)
	}
	_, err := WriteSet(true, Content{filepath.Join(folder, "a"), nil, 0o600}, Content{filepath.Join(folder, "b"), nil, 0o600})
	if err == nil || !strings.Contains(err.Error(), "is the same file as") {
		t.Errorf("the error is %v", err)
	}
}

// state makes a folder whose files are given as "NAME=CONTENT". In names, ID
// stands for the ID of a set of "new" and "new".
func state(t *testing.T, files string) string {
	t.Helper()
	folder := t.TempDir()
	for _, file := range strings.Fields(files) {
		name, content, _ := strings.Cut(file, "=")
		write(t, filepath.Join(folder, strings.ReplaceAll(name, "ID", idOfNew())), content)
	}
	return folder
}

func idOfNew() string {
	const random = "0123456789abcdef"
	all := newSum(random)
	all.add([]byte("new"))
	all.add([]byte("new"))
	return random + all.String()
}

func TestTheNextRunFinishesOrDiscardsASet(t *testing.T) {
	for _, test := range []struct {
		name     string
		before   string
		want     string
		finished bool
	}{
		{"nothing is left", "a=old b=old", "a=old b=old", false},
		{"it was being written", "a=old b=old a.ID.part=ne", "a=old b=old", false},
		{"it was written", "a=old b=old a.ID.part=new b.ID.part=new", "a=old b=old", false},
		{"it is complete", "a=old b=old a.ID.part=new b.ID.replace=new", "a=new b=new", true},
		{"the first has its name", "a=new b=old b.ID.replace=new", "a=new b=new", true},
		{"the first has its name, and what was there is kept", "a=new b=old a.ID.before=old b.ID.replace=new", "a=new b=new", true},
		{"there are no links, and the first has no name", "b=old a.ID.part=new a.ID.before=old b.ID.replace=new", "a=new b=new", true},
		{"all is done, but what was there", "a=new b=new a.ID.before=old b.ID.before=old", "a=new b=new", false},
		{"the first was changed since", "a=other b=old b.ID.replace=new", "a=other b=old", false},
		{"the first has gone since", "b=old b.ID.replace=new", "b=old", false},
		{"the last was damaged", "a=old b=old a.ID.part=new b.ID.replace=ne", "a=old b=old", false},
		{"new files are complete", "a.ID.part=new b.ID.create=new", "a=new b=new", true},
		{"the first new file has its name", "a=new b.ID.create=new", "a=new b=new", true},
		{"the first new file was to be, and another has its name", "a=other a.ID.part=new b.ID.create=new", "a=other", false},
		{"the second new file was to be, and another has its name", "a=new b=other b.ID.create=new", "b=other", false},
		{"a lock was left", "a=old b=old a.ectl-lock= b.ectl-lock=", "a=old b=old", false},
		{"the file of another", "a=old b=old a.part=x a.1.part=x a.ID.orig=x c.ID.part=x", "a=old a.ID.orig=x a.1.part=x a.part=x b=old c.ID.part=x", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := state(t, test.before)
			for again := range 2 {
				finished, err := Recover(t.Context(), filepath.Join(folder, "a"), filepath.Join(folder, "b"))
				if err != nil || finished != (test.finished && again == 0) {
					t.Errorf("%s: finished %t, %v; want %t", test.name, finished, err, test.finished)
				}
				if got := strings.ReplaceAll(contents(t, folder), idOfNew(), "ID"); sorted(got) != sorted(test.want) {
					t.Errorf("%s: the folder has %s, want %s", test.name, got, test.want)
				}
			}
		})
	}
}

func sorted(files string) string {
	names := strings.Fields(files)
	for i := range names {
		for j := range i {
			if names[i] < names[j] {
				names[i], names[j] = names[j], names[i]
			}
		}
	}
	return strings.Join(names, " ")
}

// A run that was killed between a link and the removal of the file's other name
// leaves both.
func TestTheNextRunFinishesAfterALink(t *testing.T) {
	for name, step := range map[string]struct{ before, path, target, want string }{
		"the first":        {"a.ID.part=new b.ID.create=new", "a.ID.part", "a", "a=new b=new"},
		"the last":         {"a=new b.ID.create=new", "b.ID.create", "b", "a=new b=new"},
		"the first, taken": {"a.ID.part=new b.ID.create=new b=other", "a.ID.part", "a", "b=other"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := state(t, step.before)
			if err := os.Link(filepath.Join(folder, strings.ReplaceAll(step.path, "ID", idOfNew())), filepath.Join(folder, step.target)); err != nil {
				t.Skipf("no links here: %v", err)
			}
			if _, err := Recover(t.Context(), filepath.Join(folder, "a"), filepath.Join(folder, "b")); err != nil {
				t.Error(err)
			}
			if got := contents(t, folder); got != step.want {
				t.Errorf("%s: the folder has %s, want %s", name, got, step.want)
			}
		})
	}
}

func TestWhatAProcessHoldsIsLeftToIt(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a")
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	s := writeSet(t, folder, true)
	if _, err := Recover(t.Context(), path, filepath.Join(folder, "b")); err != nil {
		t.Fatal(err)
	}
	other, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	other.Abort()
	if got := regexp.MustCompile(`\.[0-9a-f]+\.`).ReplaceAllString(contents(t, folder), ".ID."); got != "a.ID.part= a.ID.part=new b.ID.part=new" && got != "a.ID.part=new a.ID.part= b.ID.part=new" {
		t.Errorf("the folder has %s", got)
	}
	// As after a kill: nothing holds them.
	_ = f.Close()
	for _, file := range s.files {
		_ = file.file.Close()
	}
	if other, err = Create(path); err != nil {
		t.Fatal(err)
	}
	other.Abort()
	if got := contents(t, folder); strings.HasPrefix(got, "a.") { // an ID may end with a, too
		t.Errorf("after a kill and another run the folder has %s", got)
	}
}

func TestASetWaitsForAnother(t *testing.T) {
	folder := t.TempDir()
	s := writeSet(t, folder, true)
	defer s.Abort()
	lock, err := TryLock(filepath.Join(folder, "b"+lockSuffix))
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	cancel(stopped)
	if err := s.Commit(gone); !errors.Is(err, stopped) {
		t.Errorf("while another process has the lock, and the context has ended: %v", err)
	}
	time.AfterFunc(10*time.Millisecond, lock.Release)
	if err := s.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	if got := contents(t, folder); got != "a=new b=new" {
		t.Errorf("the folder has %s", got)
	}
}
