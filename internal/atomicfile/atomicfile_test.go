package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// contents are the files of a folder, as "NAME=CONTENT".
func contents(t *testing.T, folder string) string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, entry := range entries {
		content := "(a folder)"
		if !entry.IsDir() {
			data, err := os.ReadFile(filepath.Join(folder, entry.Name()))
			if err != nil {
				t.Fatal(err)
			}
			content = string(data)
		}
		files = append(files, entry.Name()+"="+content)
	}
	return strings.Join(files, " ")
}

func TestAFileHasItsNameOnlyWhenItIsKept(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "db")
	write(t, path, "old")
	for _, keep := range []bool{false, true} {
		f, err := Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, "new"); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(path); string(got) != "old" {
			t.Fatalf("before it is kept the file is %q", got)
		}
		want := "db=old"
		if keep {
			want = "db=new"
			if err := f.Keep(); err != nil {
				t.Fatal(err)
			}
		}
		f.Discard()
		if got := contents(t, folder); got != want {
			t.Errorf("kept %t: the folder has %s, want %s", keep, got, want)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("others may read the file: %v, %v", info.Mode(), err)
	}
}

func TestSeveralFilesAreKeptTogetherOrNotAtAll(t *testing.T) {
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
		{"the second is a folder", "a b/", true, "a=old b=(a folder)", errors.ErrUnsupported},
		{"the second is a folder, and the first is not there", "b/", true, "b=(a folder)", errors.ErrUnsupported},
	} {
		folder := t.TempDir()
		for _, name := range strings.Fields(test.before) {
			if dir, is := strings.CutSuffix(name, "/"); is {
				if err := os.Mkdir(filepath.Join(folder, dir), 0o700); err != nil {
					t.Fatal(err)
				}
				continue
			}
			write(t, filepath.Join(folder, name), "old")
		}
		a, err := Write(filepath.Join(folder, "a"), []byte("new"), 0o600)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Write(filepath.Join(folder, "b"), []byte("new"), 0o644)
		if err != nil {
			t.Fatal(err)
		}
		err = KeepAll(test.replace, a, b)
		a.Discard()
		b.Discard()
		if (err == nil) != (test.err == nil) || errors.Is(test.err, fs.ErrExist) && !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: %v, want %v", test.name, err, test.err)
		}
		if got := contents(t, folder); got != test.want {
			t.Errorf("%s: the folder has %s, want %s", test.name, got, test.want)
		}
		if test.err == nil {
			for name, want := range map[string]os.FileMode{"a": 0o600, "b": 0o644} {
				if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Mode().Perm() != want {
					t.Errorf("%s: the mode of %s is %v, %v; want %v", test.name, name, info.Mode(), err, want)
				}
			}
		}
	}
}
