package output

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

func toJSON(t *testing.T, o Object) []byte {
	t.Helper()
	text, err := o.MarshalJSON()
	if err != nil {
		t.Fatalf("MarshalJSON of %q: %v", o, err)
	}
	return text
}

func toYAML(t *testing.T, o Object) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := o.writeYAML(&b); err != nil {
		t.Fatalf("YAML of %q: %v", o, err)
	}
	return b.Bytes()
}

func fromJSON(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var read map[string]any
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatalf("encoding/json does not read %s: %v", text, err)
	}
	return read
}

func fromYAML(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var read map[string]any
	if err := yaml.Unmarshal(text, &read); err != nil {
		t.Fatalf("yaml does not read %s: %v", text, err)
	}
	return read
}

// oddStrings are strings that a reader could take for something else, or that
// are hard to write.
func oddStrings() []string {
	return []string{
		"", " ", "yes", "Yes", "NO", "on", "off", "y", "N", "true", "False", "null", "Null", "~", "1", "-1", "+1", "007", "0o7", "0x1f", "0b1",
		"1.5", "1e3", ".5", ".inf", "-.INF", ".nan", "1_000", "1:20", "190:20:30", "2026-01-02", "2026-01-02T03:04:05Z", "=", "<<",
		"- a", "a: b", "a:", ":", "?", "? a", "# c", "a # c", "[a", "{a", "&a", "*a", "!a", "!!int 1", "|", ">", "%a", "@a", "`a", "'", "\"", "a'b\"c",
		"a\nb", "a\n", "\na", "\n", "\n\n", " a\n b", "a\n\n\n", "a \n", "a\n ", "\ta\n\tb", "a\tb", "a\r\nb", "\r", "\x00", "\x1b[0m", "\x7f", "\u0085",
		"a\u0085b\n", "\u2028", "a\u2028b\nc", "\u2029", "\ufeff", "\ufeffa\nb", "\ufffd", "\uffff", "\u00a0", "\u200b", "é", "日本語", "🙂", "🙂\n🙂", "...", "---", "--- a", "---\na\n", "...\n",
		"<b>&amp;</b>", `\u0041`, `\`, "</script>", strings.Repeat("long ", 1000), strings.Repeat("x", 5000), "a" + strings.Repeat("\n", 30), "=1+1",
	}
}

// checkRoundTrip fails the test unless b, as a member of objects and lists,
// comes back as it is from readers of JSON and YAML.
func checkRoundTrip(t *testing.T, b []byte) {
	t.Helper()
	object := Object{
		{"before", true},
		{"b", Bytes(b)},
		{"nested", Object{{"b", Bytes(b)}}},
		{"list", []Object{{{"b", Bytes(b)}, {"n", int64(-7)}}, {{"b", Bytes(b)}}}},
		{"after", "text"},
	}
	name, value := "b", string(b)
	if !utf8.Valid(b) {
		name, value = "b_base64", base64.StdEncoding.EncodeToString(b)
	}
	line := toJSON(t, object)
	if bytes.ContainsAny(line, "\r\n") {
		t.Errorf("JSON of %q has more than one line: %s", b, line)
	}
	for format, read := range map[string]map[string]any{"JSON": fromJSON(t, line), "YAML": fromYAML(t, toYAML(t, object))} {
		nested, _ := read["nested"].(map[string]any)
		list, _ := read["list"].([]any)
		if len(list) != 2 || read["before"] != true || read["after"] != "text" {
			t.Fatalf("%s of %q is read as %q", format, b, read)
		}
		first, _ := list[0].(map[string]any)
		second, _ := list[1].(map[string]any)
		for where, got := range map[string]map[string]any{"member": read, "nested member": nested, "list": first, "list's end": second} {
			if got[name] != value {
				t.Errorf("%q comes back from %s, as %s, as %#v, want %s: %q", b, format, where, got, name, value)
			}
		}
		if fmt.Sprint(first["n"]) != "-7" {
			t.Errorf("the number beside %q comes back from %s as %v, want -7", b, format, first["n"])
		}
	}
}

func TestStringsComeBackFromJSONAndYAMLAsTheyAre(t *testing.T) {
	for _, s := range slices.Concat(oddStrings(), []string{"\xff", "a\xffb", "\xc3", "\xed\xa0\x80", "\x00\xff"}) {
		t.Run(strconv.Quote(s[:min(20, len(s))]), func(t *testing.T) { checkRoundTrip(t, []byte(s)) })
	}
}

func FuzzStringsComeBackFromJSONAndYAMLAsTheyAre(f *testing.F) {
	for _, s := range oddStrings() {
		f.Add([]byte(s))
	}
	f.Fuzz(checkRoundTrip)
}

// A list of names is written without a name of its own for each.
func FuzzNamesComeBackFromJSONAndYAMLAsTheyAre(f *testing.F) {
	for _, s := range oddStrings() {
		f.Add(s, "other")
	}
	f.Fuzz(func(t *testing.T, one, other string) {
		if !utf8.ValidString(one) || !utf8.ValidString(other) {
			return // the API's strings are UTF-8
		}
		object := Object{{"names", []string{one, other}}, {one, "value"}}
		for format, read := range map[string]map[string]any{"JSON": fromJSON(t, toJSON(t, object)), "YAML": fromYAML(t, toYAML(t, object))} {
			if one == "names" {
				continue // twice the same name
			}
			names, _ := read["names"].([]any)
			if len(names) != 2 || names[0] != one || names[1] != other {
				t.Errorf("the names %q and %q come back from %s as %q", one, other, format, read["names"])
			}
			if read[one] != "value" {
				t.Errorf("the member %q comes back from %s as %#v", one, format, read)
			}
		}
	})
}

// Readers of YAML 1.1 take more words and notations for something else than a
// string; the reader of this test is one of YAML 1.2.
func TestYAMLQuotesWhatReadersOfOldYAMLTakeForSomethingElse(t *testing.T) {
	for _, s := range []string{"y", "Y", "yes", "Yes", "NO", "on", "Off", "true", "null", "~", "", "0777", "0b1", "1_000", "1:20", "+1", "-1", ".5", "1e5", "2026-01-02", "=", "<<"} {
		if got, want := string(toYAML(t, Object{{"s", s}})), "s: '"+s+"'\n"; got != want {
			t.Errorf("the string %s is written as %q, want it quoted, %q", s, got, want)
		}
	}
	for _, s := range []string{"bob", "/app/", "yesterday", "no one", "prefix /app/"} {
		if got, want := string(toYAML(t, Object{{"s", s}})), "s: "+s+"\n"; got != want {
			t.Errorf("the string %s is written as %q, want it as it is, %q", s, got, want)
		}
	}
}

func TestObjectsKeepTheOrderOfTheirMembers(t *testing.T) {
	object := Object{{"z", int64(1)}, {"a", uint64(1 << 63)}, {"id", ID(0xcdf818194e3a8c32)}, {"no", false}, {"none", []Object(nil)}, {"nobody", []string(nil)}, {"o", Object{}}}
	if got, want := string(toJSON(t, object)), `{"z":1,"a":9223372036854775808,"id":"cdf818194e3a8c32","no":false,"none":[],"nobody":[],"o":{}}`; got != want {
		t.Errorf("JSON is %s, want %s", got, want)
	}
	want := "z: 1\na: 9223372036854775808\nid: cdf818194e3a8c32\n'no': false\nnone: []\nnobody: []\no: {}\n"
	if got := string(toYAML(t, object)); got != want {
		t.Errorf("YAML is\n%swant\n%s", got, want)
	}
}

func TestMembersAreAddedToAnObjectThatMayBeEmpty(t *testing.T) {
	added := Object{{"changed", false}}
	for text, want := range map[string]string{
		`{}`:      `{"changed":false}`,
		`{"a":1}`: `{"a":1,"changed":false}`,
	} {
		if got := string(added.appendTo([]byte(text))); got != want {
			t.Errorf("%s with a member more is %s, want %s", text, got, want)
		}
		if got := string(Object(nil).appendTo([]byte(text))); got != text {
			t.Errorf("%s with no member more is %s", text, got)
		}
	}
}

func FuzzCellsAreOneLineAndTellOneValueFromAnother(f *testing.F) {
	f.Fuzz(func(t *testing.T, a, b string) {
		ca, cb := cell([]byte(a)), cell([]byte(b))
		if a != b && ca == cb {
			t.Errorf("%q and %q look the same in a table: %s", a, b, ca)
		}
		if strings.ContainsAny(ca, "\r\n\t\x1b\u2028\u0085") || !utf8.ValidString(ca) || strings.TrimSpace(ca) != ca {
			t.Errorf("%q in a table is %q, want one line of printable text", a, ca)
		}
	})
}
