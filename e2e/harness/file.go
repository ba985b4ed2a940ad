package harness

import (
	"os"
	"path/filepath"
	"testing"
)

// ProjectFile returns the path of a file. The elements are relative to the root of the
// project.
func ProjectFile(elements ...string) string {
	return filepath.Join(append([]string{".."}, elements...)...)
}

// MustRead returns the content of a file. It fails the test if the file cannot be read.
func MustRead(t testing.TB, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
