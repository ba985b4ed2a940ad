package harness

import (
	"os"
	"path/filepath"
	"testing"
)

// ProjectFile is the path of a file given from the root of the project.
func ProjectFile(elements ...string) string {
	return filepath.Join(append([]string{".."}, elements...)...)
}

// MustRead reads a file of the project.
func MustRead(t testing.TB, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
