package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands"
)

// manPages returns the man pages by their names.
func manPages(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	if err := run(files{man: dir, date: "2026-01-31"}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		pages[entry.Name()] = string(text)
	}
	return pages
}

var sectionHead = regexp.MustCompile(`(?m)^\.SH (.*)$`)

// sectionsOf returns the titles of a page, and its text by title.
func sectionsOf(page string) (titles []string, texts map[string]string) {
	texts = map[string]string{}
	at := sectionHead.FindAllStringSubmatchIndex(page, -1)
	for i, head := range at {
		end := len(page)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		title := page[head[2]:head[3]]
		titles = append(titles, title)
		texts[title] = strings.TrimSpace(page[head[1]:end])
	}
	return titles, texts
}

func TestEveryManPageHasItsSections(t *testing.T) {
	pages := manPages(t)
	root, f := newTree(program, &strings.Builder{})
	all := tree(root)
	if len(pages) != len(all)+len(commands.Topics()) {
		t.Errorf("%d pages for %d commands and %d topics", len(pages), len(all), len(commands.Topics()))
	}
	for _, cmd := range all {
		t.Run(cmd.CommandPath(), func(t *testing.T) {
			titles, texts := sectionsOf(pages[manName(cmd)+".1"])
			want := []string{"NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "EXAMPLES", "EXIT STATUS", "ENVIRONMENT", "FILES", "SEE ALSO"}
			if !cmd.HasSubCommands() {
				want = slices.DeleteFunc(want, func(title string) bool { return title == "COMMANDS" })
			} else if cmd.Example == "" {
				want = slices.DeleteFunc(want, func(title string) bool { return title == "EXAMPLES" })
			}
			if !slices.Equal(titles, want) {
				t.Errorf("the sections are %q, want %q", titles, want)
			}
			for title, text := range texts {
				if text == "" {
					t.Errorf("%s is empty", title)
				}
			}
			for example := range strings.SplitSeq(strings.TrimPrefix(texts["EXAMPLES"], ".nf\n"), "\n\n#") {
				comment, command, _ := strings.Cut(strings.TrimPrefix(example, "#"), "\n")
				if example != "" && (!strings.HasPrefix(comment, " ") || !strings.Contains(command, program)) {
					t.Errorf("the example is not a comment and a command: %s", example)
				}
			}
			check := func(flag *pflag.Flag) {
				value, _ := pflag.UnquoteUsage(flag)
				item := `\fB` + roff("--"+flag.Name) + `\fP`
				if value != "" {
					item += ` \fI` + roff(value) + `\fP`
				}
				global := f.Globals().Lookup(flag.Name) == flag
				if listed := strings.Contains(texts["OPTIONS"], item+"\n"); listed != (!flag.Hidden && !global || global && !cmd.HasParent()) {
					t.Errorf("--%s is listed: %v:\n%s", flag.Name, listed, texts["OPTIONS"])
				}
			}
			cmd.LocalFlags().VisitAll(check)
			cmd.InheritedFlags().VisitAll(check)
			for _, option := range strings.Split(texts["OPTIONS"], ".TP\n")[1:] {
				if strings.Count(option, "\n") == 0 {
					t.Errorf("an option has no description: %s", option)
				}
			}
		})
	}
	for _, topic := range commands.Topics() {
		t.Run(topic.Name, func(t *testing.T) {
			for name, page := range pages {
				if strings.HasPrefix(name, program+"-"+topic.Name+".") {
					if titles, _ := sectionsOf(page); len(titles) < 3 || titles[0] != "NAME" || titles[1] != "DESCRIPTION" || titles[len(titles)-1] != "SEE ALSO" {
						t.Errorf("the sections are %q", titles)
					}
					return
				}
			}
			t.Error("it has no page")
		})
	}
}

func TestReferencesOfManPagesLeadToPages(t *testing.T) {
	pages := manPages(t)
	for name, page := range pages {
		for _, ref := range regexp.MustCompile(`(`+program+`[a-z-]*)\(([0-9])\)`).FindAllStringSubmatch(strings.NewReplacer(`\-`, "-", `\fP`, "").Replace(page), -1) {
			if _, exists := pages[ref[1]+"."+ref[2]]; !exists {
				t.Errorf("%s refers to %s", name, ref[0])
			}
		}
	}
}

// An indented block keeps its lines, its characters stay themselves, and no line is a
// request.
func TestManPagesKeepTheTextOfTheHelp(t *testing.T) {
	got := roffOf("The table:\n\n  name  of a 'user'\n  .dot  ~/x^y\n\nFIELDS\n\nThe end.\n.so it is\nBash:\n  ectl -w json")
	want := "The table:\n.PP\n.nf\nname  of a \\(aquser\\(aq\n\\&.dot  \\(ti/x\\(hay\n.fi\n.SH FIELDS\n.PP\nThe end.\n\\&.so it is\nBash:\n.nf\nectl \\-w json\n.fi\n"
	if got != want {
		t.Errorf("roff gave\n%s\nwant\n%s", got, want)
	}
	description, status := statusOf("Do it.\n\nExit status: 0 for yes, 1 for no.")
	if description != "Do it." || !strings.HasPrefix(status, "0 for yes, 1 for no.\n") {
		t.Errorf("the description is %q, and the exit status %q", description, status)
	}
}
