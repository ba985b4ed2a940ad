package suggest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestHintsAreNear(t *testing.T) {
	known := []string{"prefix", "key", "range", "from"}
	for wrong, want := range map[string]string{"prefx": "prefix", "perfix": "prefix", "PREFIX": "prefix", "ky": "key", "xyz": "", "rnage": "range", "": ""} {
		t.Run(wrong, func(t *testing.T) {
			got := Hint(wrong, known)
			if want != "" {
				want = fmt.Sprintf("did you mean %q?", want)
			}
			if got != want {
				t.Errorf("Hint(%q) = %q, want %q", wrong, got, want)
			}
		})
	}
}

func TestTheBestMatchComesFirst(t *testing.T) {
	known := []string{"ls", "user", "role", "get", "put", "grant-role", "add", "delete", "status"}
	foreign := map[string][]string{"create": {"add", "put", "mint"}, "rm": {"delete"}, "show": {"get"}, "login": {"whoami"}}
	for wrong, want := range map[string][]string{
		"usr":    {"user"},
		"uesr":   {"user"},
		"gte":    {"get"},
		"pet":    {"get", "put"},
		"create": {"add", "put"},
		"creat":  {"add", "put"},
		"CREATE": {"add", "put"},
		"rm":     {"delete"},
		"shwo":   {"get"},
		"login":  {}, // the name that it stands for is not known
		"statsu": {"status"},
		"zzz":    {},
	} {
		t.Run(wrong, func(t *testing.T) {
			if got := Words(wrong, known, foreign); !slices.Equal(got, want) {
				t.Errorf("Words(%q) = %q, want %q", wrong, got, want)
			}
		})
	}
}

func TestAtMostThreeNamesAreSuggested(t *testing.T) {
	if got := Similar("aaaa", []string{"aaab", "aaac", "aaad", "aaae", "aaaa1"}); !slices.Equal(got, []string{"aaaa1", "aaab", "aaac"}) {
		t.Errorf("Similar = %q", got)
	}
}

func TestLongWordsAreNotCompared(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	if hint := Hint(long, []string{long + "x"}); hint != "" {
		t.Error("a name of 1 MiB is compared with others")
	}
	if hint := Hint("x", []string{long}); hint != "" {
		t.Error("a word is compared with a name of 1 MiB")
	}
}

func TestQuestions(t *testing.T) {
	for want, names := range map[string][]string{
		"":                          nil,
		"did you mean a?":           {"a"},
		"did you mean a or b?":      {"a", "b"},
		"did you mean a, b or c d?": {"a", "b", "c d"},
	} {
		if got := Question(names); got != want {
			t.Errorf("Question(%q) = %q, want %q", names, got, want)
		}
	}
}

func TestTablesHaveEachWordOnce(t *testing.T) {
	for name, text := range map[string]string{"commands": commands, "flags": flags, "shorthands": shorthands} {
		seen := map[string]bool{}
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			word, names, found := strings.Cut(line, ": ")
			if !found || seen[word] || slices.Contains(strings.Split(names, ", "), "") || strings.Contains(names, ",") != strings.Contains(names, ", ") {
				t.Errorf("%s: the line %q has not the form WORD: NAME, NAME, or its word is not the first of the table", name, line)
			}
			seen[word] = true
		}
		if got := table(text); len(got) != len(seen) || len(got) == 0 {
			t.Errorf("%s: %d of %d words are read", name, len(got), len(seen))
		}
	}
}
