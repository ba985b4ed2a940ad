package visible

import (
	"testing"

	"github.com/ectl-io/ectl/internal/nasty"
)

func TestALineShowsAllAndCommandsNothing(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "",
		"etcdserver: no such user": "etcdserver: no such user",
		`C:\dir "x" имя 日本 😀 é`:    `C:\dir "x" имя 日本 😀 é`,
		"a\nError: b":              `a\nError: b`,
		"\t\r":                     `\t\r`,
		"\x1b[31m\x07\x00\x7f":     `\x1b[31m\x07\x00\x7f`,
		"\u0085\u009b31m":          `\u0085\u009b31m`,
		"\xff\xc3":                 `\xff\xc3`,
		"\u202eb\u2066\u061c":      `\u202eb\u2066\u061c`,
		"\u200b\u2060\ufeff\u00ad": `\u200b\u2060\ufeff\u00ad`,
		"\u3164\ufe0f\u034f\u2800": `\u3164\ufe0f\u034f\u2800`,
		"\u2028\u2029\u00a0\u3000": `\u2028\u2029\u00a0\u3000`,
		"\ufffe\ufffd\ue000":       `\ufffe\ufffd\ue000`,
		"\U000e0041\U0010ffff":     `\U000e0041\U0010ffff`,
	} {
		t.Run(text, func(t *testing.T) {
			if got := Line(text); got != want {
				t.Errorf("Line(%q) = %s, want %s", text, got, want)
			}
			if got := Is(text); got != (text == want) {
				t.Errorf("Is(%q) = %v", text, got)
			}
		})
	}
}

func TestEveryNastyNameBecomesVisible(t *testing.T) {
	keys, err := nasty.Keys(3, 500)
	if err != nil {
		t.Fatal(err)
	}
	if len(keys) < 1500 {
		t.Fatalf("only %d names", len(keys))
	}
	for _, key := range keys {
		if line := Line(key); !Is(line) {
			t.Errorf("Line(%q) = %q", key, line)
		}
	}
}
