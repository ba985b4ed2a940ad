package completions

import "testing"

func TestPlainWordsNeedNoQuotesInAnyShell(t *testing.T) {
	for _, word := range []string{
		"alice", "bob@example.com", "system:node", "/app/config.d/x-1_2", "a=b", "cn=x,ou=y", "50%", "c++", "/é/ü", "名前", ".hidden", "@at", ":colon", "_",
	} {
		t.Run(word, func(t *testing.T) {
			if !plain(word) {
				t.Errorf("%q is not plain", word)
			}
		})
	}
	for _, word := range []string{
		"", "-x", "--prefix", "=ls", "a b", "a\tb", "a\nb", "$(reboot)", "$HOME", "`id`", `a"b`, "a'b", `a\b`, "a;b", "a&b", "a|b", "a<b", "a>b",
		"a(b", "a)b", "a[b]", "a{b}", "a*", "a?", "a!b", "~root", "a~b", "#a", "a#b", "a^b", "\xff", "a\u00a0b", "a\u202eb", "\x7f",
	} {
		t.Run(word, func(t *testing.T) {
			if plain(word) {
				t.Errorf("%q is plain", word)
			}
		})
	}
}
