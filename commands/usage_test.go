package commands

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
)

// pages are the command lines that print help: each command's, hidden ones included.
func pages() []string {
	lines := []string{"options"}
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		_, words, _ := strings.Cut(cmd.CommandPath(), " ")
		lines = append(lines, strings.TrimSpace(words+" --help"), strings.TrimSpace("help "+words))
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(newTestRoot())
	return lines
}

func TestHelpFitsATerminal(t *testing.T) {
	lines := pages()
	if len(lines) < 150 {
		t.Fatalf("%d command lines print help: %q", len(lines), lines)
	}
	for _, program := range []string{"ectl", cli.EtcdctlName} {
		for _, words := range lines {
			t.Run(program+" "+words, func(t *testing.T) {
				t.Parallel()
				got := runAs(t.Context(), program, "", nil, strings.Fields(words)...)
				if got.code != 0 || got.err != "" || !strings.Contains(got.out, "\n") {
					t.Fatalf("it ends with %d, prints %q, and on stderr %q", got.code, got.out, got.err)
				}
				for line := range strings.Lines(got.out) {
					line = strings.TrimSuffix(line, "\n")
					if width := utf8.RuneCountInString(line); width > 80 || strings.TrimRight(line, " ") != line {
						t.Errorf("a line has %d columns, want at most 80, and no blank at its end: %q", width, line)
					}
				}
			})
		}
	}
}

// TestEachExampleHasAComment looks at the lines that begin an example. Lines that continue
// one, and the input of one, follow without a comment.
func TestEachExampleHasAComment(t *testing.T) {
	examples := 0
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		before := ""
		for line := range strings.Lines(cmd.Example) {
			isExample := strings.HasPrefix(line, "  ectl ") || strings.Contains(line, "| ectl ")
			isComment := strings.HasPrefix(before, "  # ") && strings.HasSuffix(before, "\n")
			if isExample {
				examples++
			}
			if isExample && !isComment {
				t.Errorf("%s: an example has no comment: %s", cmd.CommandPath(), line)
			}
			before = line
		}
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(newTestRoot())
	if examples < 120 {
		t.Errorf("the help has %d examples: the test no longer finds them", examples)
	}
}

func TestLinesWrapAtBlanks(t *testing.T) {
	long := strings.Repeat("x", 90)
	for _, c := range []struct {
		text        string
		first, next int
		want        string
	}{
		{"", 2, 6, ""},
		{"a b", 2, 6, "a b"},
		{strings.Repeat("a", 40) + " " + strings.Repeat("b", 37), 2, 6, strings.Repeat("a", 40) + " " + strings.Repeat("b", 37)},
		{strings.Repeat("a", 40) + " " + strings.Repeat("b", 38), 2, 6, strings.Repeat("a", 40) + "\n      " + strings.Repeat("b", 38)},
		{"a " + long + " b", 2, 4, "a\n    " + long + "\n    b"},
		{strings.Repeat("é", 40) + " " + strings.Repeat("ü", 39), 0, 6, strings.Repeat("é", 40) + " " + strings.Repeat("ü", 39)},
	} {
		if got := wrap(c.text, c.first, c.next); got != c.want {
			t.Errorf("%q from column %d wraps as %q, want %q", c.text, c.first, got, c.want)
		}
	}
}

func TestALongFlagHasAHangingIndent(t *testing.T) {
	got := runIt(t, "user", "add", "--help").out
	const want = "" +
		"      --interactive                   prompt for the password; with\n" +
		"                                      =false, read one line of standard\n" +
		"                                      input (default true)\n"
	if !strings.Contains(got, want) {
		t.Errorf("the help is\n%s\nwant in it\n%s", got, want)
	}
}
