package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestIndentedLinesOfAHelpTextBecomeCode(t *testing.T) {
	got := markdown("Prints a <thing>.\n\nBash:\n  ectl a\n\nDone.")
	want := "Prints a &lt;thing>.\n\nBash:\n\n```text\nectl a\n```\n\nDone.\n"
	if got != want {
		t.Errorf("markdown gave %q, want %q", got, want)
	}
}

func TestEveryCommandHasAPageAndPagesOfOthersGo(t *testing.T) {
	dir := t.TempDir()
	stale := filepath.Join(dir, "ectl_gone.md")
	if err := os.WriteFile(stale, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeReference(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); !os.IsNotExist(err) {
		t.Errorf("the page of a command that is no more: %v, want it gone", err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	root, _ := newTree(program, &strings.Builder{})
	for _, cmd := range tree(root)[1:] {
		if _, err := os.Stat(filepath.Join(dir, pageName(cmd))); err != nil {
			t.Errorf("%s: %v", cmd.CommandPath(), err)
		}
		if !strings.Contains(string(text), "`"+cmd.CommandPath()+"`") {
			t.Errorf("the index does not name %s", cmd.CommandPath())
		}
	}
}

func TestAPageHasTheOptionsOfTheCommandAbove(t *testing.T) {
	root, _ := newTree(program, &strings.Builder{})
	status, _, err := root.Find([]string{"endpoint", "status"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := page(status)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\nectl endpoint status [flags]\n", "\n      --cluster ", "\n      --watch duration "} {
		t.Run(want, func(t *testing.T) {
			if !strings.Contains(text, want) {
				t.Errorf("the page of endpoint status has no %q:\n%s", want, text)
			}
		})
	}
	if strings.Contains(text, "--endpoints") {
		t.Errorf("the page of endpoint status has the global options:\n%s", text)
	}
}

func TestGlobalOptionsAreOnTheFirstManPageOnly(t *testing.T) {
	dir := t.TempDir()
	if err := run(files{man: dir, date: "2026-01-31"}); err != nil {
		t.Fatal(err)
	}
	for page, want := range map[string]bool{"ectl.1": true, "ectl-user-add.1": false} {
		t.Run(page, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(dir, page))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(string(text), roff("--insecure-skip-tls-verify")); got != want {
				t.Errorf("%s has the global options: %v, want %v", page, got, want)
			}
			if !strings.Contains(string(text), "Jan 2026") {
				t.Errorf("%s is not of the date that was given", page)
			}
		})
	}
}
