package access

import "testing"

func TestRangeDescribesItselfToAPerson(t *testing.T) {
	for _, test := range []struct{ key, end, want string }{
		{"/a", "", "key /a"},
		{"/a/", "/a0", "prefix /a/"},
		{"/a", "\x00", "keys from /a"},
		{"/a", "/b", "prefix /a"},
		{"/a", "/c", "[/a, /c)"},
		{"\x00", "\x00", "every key"},
		{"", "\x00", "every key"},
		{"\xff\xff", "\x00", `prefix "\xff\xff"`},
		{"a\xff", "b", `prefix "a\xff"`},
		{"a b", "", `key "a b"`},
		{"", "", `key ""`},
		{"é", "", "key é"},
	} {
		if got := (Range{Key: []byte(test.key), End: []byte(test.end)}).String(); got != test.want {
			t.Errorf("range from %q to %q is %q, want %q", test.key, test.end, got, test.want)
		}
	}
}

func TestPrefixEndIsTheFirstKeyBehindThePrefix(t *testing.T) {
	for prefix, want := range map[string]string{
		"/a/":       "/a0",
		"a":         "b",
		"a\xff":     "b",
		"a\xff\xff": "b",
		"\xff":      OpenEnd,
		"":          OpenEnd,
	} {
		if got := string(PrefixEnd([]byte(prefix))); got != want {
			t.Errorf("PrefixEnd(%q) = %q, want %q", prefix, got, want)
		}
	}
}
