package txn

import (
	"bufio"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
)

func TestWordsAreCutAndUnquoted(t *testing.T) {
	for line, want := range map[string][]string{
		"":                     nil,
		"put k v":              {"put", "k", "v"},
		"  put\tk\fv  ":        {"put", "k", "v"},
		`put "a b" 'c d'`:      {"put", "a b", "c d"},
		`put "" ''`:            {"put", "", ""},
		`put "\x00\n\"" '\n"'`: {"put", "\x00\n\"", `\n"`},
		`put a"b c"d`:          {"put", `a"b`, `c"d`},
		`put it's 'x`:          {"put", "it's", "x"},
		`put "a"b`:             {"put", "a", "b"},
		`put --lease=12 "k"`:   {"put", "--lease=12", "k"},
		`put "not closed`:      {"put", "not", "closed"},
		`"\`:                   {`\`},
		"put ключ 日本語":         {"put", "ключ", "日本語"},
		"put a\vb":             {"put", "a\vb"},
	} {
		t.Run(line, func(t *testing.T) {
			if got, err := Words(line); err != nil || !slices.Equal(got, want) {
				t.Errorf("Words(%q) = %q, %v, want %q", line, got, err, want)
			}
		})
	}
	for _, line := range []string{`put "\q"`, `put "\x0"`, `put "\ud800"`} {
		t.Run(line, func(t *testing.T) {
			if got, err := Words(line); err == nil {
				t.Errorf("Words(%q) = %q, want an error", line, got)
			}
		})
	}
}

func TestComparisonsMeanWhatTheySay(t *testing.T) {
	lease := clientv3.Compare(clientv3.LeaseValue("k"), "=", clientv3.LeaseID(0x694d7e4f1a2b3c05))
	for line, want := range map[string]clientv3.Cmp{
		`ver("k") > "0"`:                  clientv3.Compare(clientv3.Version("k"), ">", 0),
		`version("k") = "10"`:             clientv3.Compare(clientv3.Version("k"), "=", 10),
		`c("k") < "1"`:                    clientv3.Compare(clientv3.CreateRevision("k"), "<", 1),
		`create("k") != "1"`:              clientv3.Compare(clientv3.CreateRevision("k"), "!=", 1),
		`m("k") = "1"`:                    clientv3.Compare(clientv3.ModRevision("k"), "=", 1),
		`mod("k") = "-1"`:                 clientv3.Compare(clientv3.ModRevision("k"), "=", -1),
		`val("a b") = "c d"`:              clientv3.Compare(clientv3.Value("a b"), "=", "c d"),
		`value("\xff\n") < "("`:           clientv3.Compare(clientv3.Value("\xff\n"), "<", "("),
		"val(`k`)   >   `v` rest":         clientv3.Compare(clientv3.Value("k"), ">", "v"),
		`lease("k") = "694d7e4f1a2b3c05"`: lease,
		`lease("k") = "0"`:                clientv3.Compare(clientv3.LeaseValue("k"), "=", clientv3.NoLease),
	} {
		t.Run(line, func(t *testing.T) {
			got, err := ParseCompare(line)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("ParseCompare(%s) = %v, %v, want %v", line, got, err, want)
			}
		})
	}
	for _, line := range []string{
		"x", `val`, `val(k) = "v"`, `val("k") = v`, `val("k")="v"`, `val("k" ) = "v"`, `val('k') = 'v'`, `val("k") == "v"`, `val("k") ! "v"`,
		`val("k") >= "1"`, `ver("k") = "x"`, `ver("k") = ""`, `foo("k") = "1"`, `Val("k") = "v"`, `val ("k") = "v"`, `lease("k") = "zz"`,
		`lease("k") = ""`, `("k") = "v"`, `mod("k") = "9223372036854775808"`, `val("k`,
	} {
		t.Run(line, func(t *testing.T) {
			if got, err := ParseCompare(line); err == nil {
				t.Errorf("ParseCompare(%s) = %v, want an error", line, got)
			}
		})
	}
}

// record reads input and writes down what the handler is given.
func record(input string) (seen []string, err error) {
	err = Read(bufio.NewReader(strings.NewReader(input)), Handler{
		Begin:   func(p Part) error { seen = append(seen, p.Title()); return nil },
		Compare: func(c clientv3.Cmp) { seen = append(seen, "compare "+string(c.KeyBytes())) },
		Request: func(p Part, words []string) error {
			seen = append(seen, fmt.Sprintf("%s %q", p, words))
			if words[0] == "bad" {
				return errors.New("a bad request")
			}
			return nil
		},
	})
	return seen, err
}

func TestAByteOrderMarkIsNotPartOfTheTransaction(t *testing.T) {
	for _, mark := range []string{"", "\ufeff"} {
		seen, err := record(mark + "mod(\"a\") = \"1\"\n\nput k v\n\n\n")
		if err != nil || len(seen) != 5 || seen[1] != "compare a" {
			t.Errorf("with the mark %q, read %q, %v", mark, seen, err)
		}
	}
	if seen, err := record("\ufeff\n\ufeffput k v\n\n\n"); err != nil || len(seen) != 4 || !strings.Contains(seen[2], `ufeffput`) {
		t.Errorf("a mark in a later line is part of it: read %q, %v", seen, err)
	}
}

func TestATransactionHasThreeParts(t *testing.T) {
	seen, err := record("val(\"a\") = \"b\"\nmod(\"c\") = \"1\"\n\n put k \"v w\" \nget k\n \t\ndel k\n\nnot read\n")
	want := []string{
		"compares:", "compare a", "compare c",
		"success requests (get, put, del):", `success requests ["put" "k" "v w"]`, `success requests ["get" "k"]`,
		"failure requests (get, put, del):", `failure requests ["del" "k"]`,
	}
	if err != nil || !slices.Equal(seen, want) {
		t.Errorf("read %q, %v, want %q", seen, err, want)
	}
}

func TestErrorsNameTheirLine(t *testing.T) {
	for input, want := range map[string]string{
		"":                                 "line 1: the input ends in the comparisons",
		"\n":                               "line 2: the input ends in the success requests",
		"\n\nput k v":                      "line 3: the input ends in the failure requests",
		"ver(\"a\") = \"1\"\nnonsense\n\n": "line 2: malformed comparison: nonsense",
		"\nput k v\nbad k\n\n\n":           "line 3: a bad request",
		"\nput\n\n\n":                      "line 2: invalid request: put",
		"\n\"\n\n\n":                       "line 2: invalid request: \"",
		"\n\nget \"\\q\"\n\n":              "line 3: invalid syntax in \"\\q\"",
	} {
		t.Run(input, func(t *testing.T) {
			_, err := record(input)
			var line *LineError
			if !errors.As(err, &line) || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("the error of %q is %v, want %s", input, err, want)
			}
		})
	}
}

func FuzzWords(f *testing.F) {
	f.Fuzz(func(t *testing.T, a, b, c, line string) {
		if _, err := Words(line); err != nil && !strings.ContainsAny(line, `"`) {
			t.Errorf("Words(%q) fails without a quoted word: %v", line, err)
		}
		// What is quoted comes back as it was, whatever it is.
		want := []string{strings.ToValidUTF8(a, "?"), b, c}
		quoted := strings.Join([]string{strconv.Quote(want[0]), strconv.Quote(want[1]), strconv.QuoteToASCII(want[2])}, " ")
		if got, err := Words(quoted); err != nil || !slices.Equal(got, want) {
			t.Errorf("Words(%s) = %q, %v, want %q", quoted, got, err, want)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Fuzz(func(t *testing.T, input string) {
		seen, err := record(input)
		if err == nil && !slices.Contains(seen, FailureRequests.Title()) {
			t.Fatalf("%q is taken for a transaction of %q", input, seen)
		}
	})
}
