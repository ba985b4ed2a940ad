package history

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func add(t *testing.T, h *History, entries ...string) {
	t.Helper()
	for _, entry := range entries {
		if err := h.Add(entry); err != nil {
			t.Fatal(err)
		}
	}
}

func wantEntries(t *testing.T, h *History, want ...string) {
	t.Helper()
	if err := h.Load(); err != nil {
		t.Fatal(err)
	}
	if got := h.Entries(); !slices.Equal(got, want) {
		t.Errorf("the history has %q, want %q", got, want)
	}
}

func TestSessionsShareTheirEntries(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "ectl", "history")
	one, other := New(path), New(path)
	add(t, one, "get a", "get a", "put k \\\n v")
	wantEntries(t, other, "get a", "put k \\\n v")
	add(t, other, `put k a\\`, "get b")
	add(t, one, "get c")
	want := []string{"get a", "put k \\\n v", `put k a\\ `, "get b", "get c"}
	wantEntries(t, New(path), want...)
	wantEntries(t, other, "get a", "put k \\\n v", `put k a\\`, "get b", "get c")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the mode of the file is %v (%v), want 0600", info.Mode(), err)
	}
	if info, _ := os.Stat(filepath.Dir(path)); info.Mode().Perm() != 0o700 {
		t.Errorf("the mode of the folder is %v, want 0700", info.Mode())
	}
}

func TestAForeignFileIsNotUsed(t *testing.T) {
	dir := t.TempDir()
	target, link, open := filepath.Join(dir, "target"), filepath.Join(dir, "link"), filepath.Join(dir, "open")
	if err := os.WriteFile(target, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(open, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{link, open, dir} {
		h := New(path)
		if err := h.Add("get k"); err == nil {
			t.Errorf("%s is written", path)
		}
		if h.Last() != "get k" {
			t.Errorf("the entry is not in memory: %q", h.Entries())
		}
	}
	if text, _ := os.ReadFile(target); len(text) > 0 {
		t.Errorf("the target of a link has %q", text)
	}
}

func TestALongHistoryIsShortened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	var text strings.Builder
	const count = 2 * maxEntries
	for i := range count {
		fmt.Fprintf(&text, "get %d\n", i)
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	h, other := New(path), New(path)
	for _, session := range []*History{h, other} {
		if err := session.Load(); err != nil {
			t.Fatal(err)
		}
		if got := session.Entries(); len(got) != maxEntries || got[0] != fmt.Sprintf("get %d", count-maxEntries) {
			t.Errorf("%d entries are left, the first is %q", len(got), got[0])
		}
	}
	add(t, h, "get more")
	if err := other.Load(); err != nil || other.Last() != "get more" {
		t.Errorf("another session has the last entry %q (%v)", other.Last(), err)
	}
}

func TestWithoutAFileTheEntriesAreInMemory(t *testing.T) {
	h := New("")
	add(t, h, "get k")
	wantEntries(t, h, "get k")
	if got := Path(func(string) (string, bool) { return "", false }, "history"); got != "" {
		t.Errorf("without a home the path is %q", got)
	}
}
