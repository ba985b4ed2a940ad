package access

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

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
		t.Run(test.want, func(t *testing.T) {
			if got := (Range{Key: []byte(test.key), End: []byte(test.end)}).String(); got != test.want {
				t.Errorf("range from %q to %q is %q, want %q", test.key, test.end, got, test.want)
			}
		})
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
		t.Run(strconv.Quote(prefix), func(t *testing.T) {
			if got := string(PrefixEnd([]byte(prefix))); got != want {
				t.Errorf("PrefixEnd(%q) = %q, want %q", prefix, got, want)
			}
		})
	}
}

// covers says whether the server's comparison of bytes puts key into r.
func covers(r Range, key string) bool {
	switch string(r.End) {
	case "":
		return key == string(r.Key)
	case OpenEnd:
		return key >= string(r.Key)
	}
	return key >= string(r.Key) && key < string(r.End)
}

func FuzzTheRangeOfAPrefixHasTheKeysThatStartWithIt(f *testing.F) {
	f.Fuzz(func(t *testing.T, prefix, key string) {
		r := Range{Key: []byte(prefix), End: PrefixEnd([]byte(prefix))}
		for _, key := range []string{key, prefix, prefix + key, prefix + "\xff" + key, string(r.End), string(r.End) + key} {
			if key == "" {
				continue // no key is empty
			}
			if got, want := covers(r, key), strings.HasPrefix(key, prefix); got != want {
				t.Errorf("the range of the prefix %q, to %q, has the key %q: %t, want %t", prefix, r.End, key, got, want)
			}
		}
		if text := r.String(); strings.ContainsAny(text, "\n\r\x00\x1b") || !utf8.ValidString(text) {
			t.Errorf("the range of the prefix %q is described as %q, want one line of text", prefix, text)
		}
	})
}
