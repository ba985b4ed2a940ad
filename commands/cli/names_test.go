package cli

import (
	"slices"
	"testing"

	"github.com/spf13/pflag"
)

func TestNamesAreSeparatedByCommasAndLineBreaks(t *testing.T) {
	for text, want := range map[string][]string{
		"a":                 {"a"},
		"a,b":               {"a", "b"},
		"a\nb":              {"a", "b"},
		"a\r\nb\r\n":        {"a", "b"},
		"a,b\nc\n\nd,e,f\n": {"a", "b", "c", "d", "e", "f"},
		"\na":               {"a"},
		"":                  nil,
		"a,":                {"a", ""},
		"a b":               {"a b"},
		" a":                {" a"},
		"\"a,b\",\"c\nd\"":  {"a,b", "c\nd"},
		`"say ""no"""`:      {`say "no"`},
	} {
		t.Run(text, func(t *testing.T) {
			var names []string
			fs := pflag.NewFlagSet("", pflag.ContinueOnError)
			AddNames(fs, &names, "roles", "these `roles`")
			if err := fs.Parse([]string{"--roles", text}); err != nil || !slices.Equal(names, want) {
				t.Errorf("%q are the names %q (%v), want %q", text, names, err, want)
			}
			if err := fs.Parse([]string{"--roles", "z"}); err != nil || !slices.Equal(names, append(want, "z")) {
				t.Errorf("%q and then z are the names %q (%v)", text, names, err)
			}
		})
	}
	for _, text := range []string{`a"b`, `"a`, `"a"b`} {
		t.Run(text, func(t *testing.T) {
			var names []string
			fs := pflag.NewFlagSet("", pflag.ContinueOnError)
			AddNames(fs, &names, "roles", "these `roles`")
			if err := fs.Parse([]string{"--roles", text}); err == nil {
				t.Errorf("%q are the names %q, want an error", text, names)
			}
		})
	}
}
