package lock

import (
	"slices"
	"strings"
	"testing"
)

func TestLinesAreReadToTheEnd(t *testing.T) {
	for text, want := range map[string][]string{
		"":           nil,
		"one":        {"one"},
		"one\n":      {"one"},
		"one\n\ntwo": {"one", "", "two"},
		"a b \r\n\n": {"a b \r", ""},
	} {
		var got []string
		for line := range Proposals(strings.NewReader(text), func(warning string) { t.Error(warning) }) {
			got = append(got, line)
		}
		if !slices.Equal(got, want) {
			t.Errorf("the lines of %q are %q, want %q", text, got, want)
		}
	}
}
