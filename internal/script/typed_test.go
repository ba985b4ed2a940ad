package script

import (
	"slices"
	"strings"
	"testing"
)

func TestATypedCommandMayEndWithAPipeOrARedirection(t *testing.T) {
	for _, test := range []struct {
		name, text string
		words      []string
		tail       string
	}{
		{"none", "get k", []string{"get", "k"}, ""},
		{"a pipe", "get k | less", []string{"get", "k"}, "| less"},
		{"several pipes", "get k | grep 'x y' | wc -l > n", []string{"get", "k"}, "| grep 'x y' | wc -l > n"},
		{"a redirection", "get k > file", []string{"get", "k"}, "> file"},
		{"an appended file", "get k >>file", []string{"get", "k"}, ">>file"},
		{"a redirection and a pipe", "get k >f | cat", []string{"get", "k"}, ">f | cat"},
		{"a quoted pipe", "put k 'a | b'", []string{"put", "k", "a | b"}, ""},
		{"a dollar in the tail", "get k | awk '{print $1}'", []string{"get", "k"}, "| awk '{print $1}'"},
		{"a comment", "get k | less # all", []string{"get", "k"}, "| less"},
		{"a literal dollar", `put k $HOME "${A}" a$`, []string{"put", "k", "$HOME", "${A}", "a$"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			lines, err := ParseTyped(test.text, nil)
			if err != nil || len(lines) != 1 || !slices.Equal(lines[0].Words, test.words) || lines[0].Tail != test.tail {
				t.Errorf("ParseTyped(%q) = %v, %v; want %q and %q", test.text, lines, err, test.words, test.tail)
			}
		})
	}
}

func TestATypedCommandDoesNothingElseOfAShell(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"get k && get l", "&& does not connect"},
		{"get k; get l", "two commands"},
		{"get k &", "& does not start"},
		{"get k < f", "< does not redirect"},
		{"get k 2> f", "> does not redirect"},
		{"> f get k", "stands at the end"},
		{"> f", "a redirection without"},
		{"get `date`", "is not supported"},
		{"put k <<E | cat\nx\nE", "has no pipe"},
		{"get k >", ""},
	} {
		t.Run(test.text, func(t *testing.T) {
			lines, err := ParseTyped(test.text, nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("ParseTyped(%q) = %v, %v; want an error with %q", test.text, lines, err, test.want)
			}
		})
	}
}

func TestAnOpenTextContinuesOnTheNextLine(t *testing.T) {
	for text, want := range map[string]bool{
		"get k": false, "": false, "put k 'a": true, `put k "a`: true, `put k \`: true, `put k \\`: false, `put k \\\`: true,
		"put k 'a\nb'": false, "put k <<E": true, "put k <<E\nx": true, "put k <<E\nx\nE": false, "get k |": true,
		`# a \`: false, "get k )": false, `put k 'a\`: true, `put k 'a\'`: false,
	} {
		if got := IsIncomplete(text); got != want {
			t.Errorf("IsIncomplete(%q) = %t, want %t", text, got, want)
		}
	}
}
