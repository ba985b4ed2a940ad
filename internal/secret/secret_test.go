package secret

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"regexp"
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
		{"a byte order mark is not", "\ufeffsecret\n", "secret"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "password")
			if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			got, warning, err := ReadFile(t.Context(), path, nil)
			if got != test.want || warning != "" || err != nil {
				t.Errorf("%s: ReadFile = %q, %q, %v; want %q without a warning", test.name, got, warning, err, test.want)
			}
		})
	}
}

func TestReadFileRefusesWhatIsNoSecret(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"empty":            "",
		"empty first line": "\nsecret\n",
		"huge":             strings.Repeat("x", maxSize+1),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if got, _, err := ReadFile(t.Context(), path, nil); err == nil {
				t.Errorf("ReadFile of a file with %s = %d bytes, want an error", name, len(got))
			}
		})
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
	seen, shape := map[string]bool{}, regexp.MustCompile(`^[A-Z2-7]{26}$`)
	for range 200 {
		password := Generate()
		if !shape.MatchString(password) || seen[password] {
			t.Fatalf("Generate = %q: want 26 new characters without look-alikes", password)
		}
		seen[password] = true
	}
}

func TestASecretThatIsNoUTF8IsSaidToBe(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct{ name, content, says string }{
		{"UTF-16, little end first", "\xff\xfep\x00w\x00\r\x00\n\x00", "is UTF-16, not UTF-8"},
		{"UTF-16, big end first", "\xfe\xff\x00p\x00w\x00\n", "is UTF-16, not UTF-8"},
		{"UTF-16 without a mark", "p\x00w\x00\n\x00", "has a NUL byte"},
		{"a mark alone", "\xef\xbb\xbf\n", "is empty"},
		{"Latin 1", "p\xfcw\n", "is not UTF-8"},
		{"a byte of a compressed file", "\x1f\x8b\x08pw", "is not UTF-8"},
		{"UTF-8", "pü\u2028w\n", ""},
		{"Latin 1 in the second line", "pw\np\xfcw\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(dir, "secret")
			if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, _, fromFile := ReadFile(t.Context(), path, nil)
			_, _, fromStdin := ReadFile(t.Context(), Stdin, bufio.NewReader(strings.NewReader(test.content)))
			for _, err := range []error{fromFile, fromStdin} {
				switch {
				case (err != nil) != (test.says != ""), err != nil && !strings.Contains(err.Error(), test.says):
					t.Errorf("%s: %v, want %q", test.name, err, test.says)
				case err != nil && strings.Contains(err.Error(), "pw"):
					t.Errorf("%s: the error shows the secret: %v", test.name, err)
				}
			}
		})
	}
}
