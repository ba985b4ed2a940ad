package atomicfile

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
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
			if err := f.Commit(); err != nil {
				t.Fatal(err)
			}
		}
		f.Abort()
		if got := contents(t, folder); got != want {
			t.Errorf("kept %t: the folder has %s, want %s", keep, got, want)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("others may read the file: %v, %v", info.Mode(), err)
	}
}

// What no file is must stay what it is, also where a link leads to it.
func TestWhatIsNoFileIsNotReplaced(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "output"), "precious")
	output, err := os.OpenFile(filepath.Join(folder, "output"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	for _, link := range []struct{ name, target string }{
		{"folder", "."},
		{"null", os.DevNull},
		{"output of a process", filepath.Join("/proc/self/fd", strconv.Itoa(int(output.Fd())))},
		{"output of a device", filepath.Join("/dev/fd", strconv.Itoa(int(output.Fd())))},
		{"output that is not open", "/proc/self/fd/999"},
		{"link to an output", "output of a process"},
		{"link that leads nowhere", "link that leads nowhere"},
	} {
		t.Run(link.name, func(t *testing.T) {
			path := filepath.Join(folder, link.name)
			if err := os.Symlink(link.target, path); err != nil {
				t.Skipf("no links here: %v", err)
			}
			if f, err := Create(path); err == nil {
				t.Errorf("%s is to be replaced", link.name)
				f.Abort()
			}
			if s, err := WriteSet(true, Content{Path: path, Mode: 0o600}); err == nil {
				t.Errorf("%s is to be replaced by a set", link.name)
				s.Abort()
			}
		})
	}
	if got, err := os.ReadFile(output.Name()); err != nil || string(got) != "precious" {
		t.Errorf("the output has %q, %v", got, err)
	}
}
