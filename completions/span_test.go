package completions

import (
	"slices"
	"testing"

	"github.com/ectl-io/ectl/internal/access"
)

func TestWithinCutsPermissionsToThePrefixAndJoinsThem(t *testing.T) {
	for _, test := range []struct {
		prefix string
		ranges []string // start, end, start, end ...
		want   []span
	}{
		{"/a/", nil, nil},
		{"/a/", []string{"/b/", "/b0"}, nil},
		{"/a/", []string{"/", "0"}, []span{{"/a/", "/a0"}}},
		{"", []string{"/app/", "/app0"}, []span{{"/app/", "/app0"}}},
		{"", []string{"\x00", "\x00"}, []span{{"\x00", "\x00"}}},
		{"/a", []string{"/ab", ""}, []span{{"/ab", "/ab\x00"}}},
		{"/a", []string{"/a5", "\x00"}, []span{{"/a5", "/b"}}},
		{"/", []string{"/c", "/d", "/a", "/b", "/b", "/b5"}, []span{{"/a", "/b5"}, {"/c", "/d"}}},
		{"/", []string{"/a", "/z", "/b", "/c"}, []span{{"/a", "/z"}}},
		{"", []string{"/a", "\x00", "/b", "/c"}, []span{{"/a", "\x00"}}},
		{"\xff", []string{"a", "\x00"}, []span{{"\xff", "\x00"}}},
	} {
		var ranges []access.Range
		for i := 0; i < len(test.ranges); i += 2 {
			ranges = append(ranges, access.Range{Key: []byte(test.ranges[i]), End: []byte(test.ranges[i+1])})
		}
		if got := within(test.prefix, ranges); !slices.Equal(got, test.want) {
			t.Errorf("within %q of %q: %q, want %q", test.prefix, test.ranges, got, test.want)
		}
	}
}

func TestPlainWordsNeedNoQuotesInAnyShell(t *testing.T) {
	for _, word := range []string{
		"alice", "bob@example.com", "system:node", "/app/config.d/x-1_2", "a=b", "cn=x,ou=y", "50%", "c++", "/é/ü", "名前", ".hidden", "@at", ":colon", "_",
	} {
		if !plain(word) {
			t.Errorf("%q is not plain", word)
		}
	}
	for _, word := range []string{
		"", "-x", "--prefix", "=ls", "a b", "a\tb", "a\nb", "$(reboot)", "$HOME", "`id`", `a"b`, "a'b", `a\b`, "a;b", "a&b", "a|b", "a<b", "a>b",
		"a(b", "a)b", "a[b]", "a{b}", "a*", "a?", "a!b", "~root", "a~b", "#a", "a#b", "a^b", "\xff", "a\u00a0b", "a\u202eb", "\x7f",
	} {
		if plain(word) {
			t.Errorf("%q is plain", word)
		}
	}
}
