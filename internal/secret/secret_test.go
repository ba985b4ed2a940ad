package secret

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadFileTakesTheFirstLineAsItIs(t *testing.T) {
	for _, test := range []struct{ name, content, want string }{
		{"a line", "secret\n", "secret"},
		{"no line ending", "secret", "secret"},
		{"a Windows line ending", "secret\r\n", "secret"},
		{"space is part of it", " se cret \n", " se cret "},
		{"further lines are not", "secret\nmore\n", "secret"},
	} {
		path := filepath.Join(t.TempDir(), "password")
		if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, warning, err := ReadFile(t.Context(), path, nil)
		if got != test.want || warning != "" || err != nil {
			t.Errorf("%s: ReadFile = %q, %q, %v; want %q without a warning", test.name, got, warning, err, test.want)
		}
	}
}

func TestReadFileRefusesWhatIsNoSecret(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"empty":            "",
		"empty first line": "\nsecret\n",
		"huge":             strings.Repeat("x", maxSize+1),
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, _, err := ReadFile(t.Context(), path, nil); err == nil {
			t.Errorf("ReadFile of a file with %s = %d bytes, want an error", name, len(got))
		}
	}
	if _, _, err := ReadFile(t.Context(), dir, nil); err == nil {
		t.Error("ReadFile of a directory succeeded, want an error")
	}
	if _, _, err := ReadFile(t.Context(), filepath.Join(dir, "none"), nil); !os.IsNotExist(err) {
		t.Errorf("ReadFile of no file = %v, want a not-exist error", err)
	}
}

func TestReadFileWarnsOfAFileThatOthersCanRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	_, warning, err := ReadFile(t.Context(), path, nil)
	if err != nil || !strings.Contains(warning, "0644") || strings.Contains(warning, "secret") {
		t.Errorf("ReadFile of a file with mode 0644: warning %q, %v; want a warning that names the mode", warning, err)
	}
}

func TestStdinIsReadNoFurtherThanItsFirstLine(t *testing.T) {
	stdin := bufio.NewReader(strings.NewReader("secret\nrest"))
	got, _, err := ReadFile(t.Context(), Stdin, stdin)
	if got != "secret" || err != nil {
		t.Fatalf("ReadFile of stdin = %q, %v; want its first line", got, err)
	}
	if rest, _ := io.ReadAll(stdin); string(rest) != "rest" {
		t.Errorf("stdin goes on with %q, want the line after the secret", rest)
	}
}

func TestGenerateMakesDifferentPasswordsWithoutLookAlikes(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		password, err := Generate()
		if err != nil {
			t.Fatal(err)
		}
		if len(password) != Length || strings.ContainsAny(password, "0Oo1Iil:") || seen[password] {
			t.Fatalf("Generate = %q: want %d new characters without look-alikes", password, Length)
		}
		seen[password] = true
	}
}
