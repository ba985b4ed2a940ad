//go:build linux

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPictureIsCurrent compares the picture of the README with a fresh run.
func TestPictureIsCurrent(t *testing.T) {
	ectl := os.Getenv("ECTL_BIN")
	if ectl == "" {
		ectl = filepath.Join("..", "..", "..", "bin", "ectl")
	}
	want, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "images", "session.svg"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := record(t.Context(), ectl)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/images/session.svg is out of date: run make recording (-picture +real):\n%s", diff)
	}
}
