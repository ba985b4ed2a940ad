package script

import (
	"slices"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/internal/limited"
)

// environment is a Lookup of fixed variables.
func environment(name string) (string, bool) {
	value, ok := map[string]string{"NAME": "two words", "EMPTY": "", "QUOTE": `a"b'c\`}[name]
	return value, ok
}

func TestWordsAreThoseOfAShell(t *testing.T) {
	for _, test := range []struct {
		name, line string
		want       []string
	}{
		{"plain words", "user  add\tbob", []string{"user", "add", "bob"}},
		{"single quotes", `put 'a b' '$x "y" \z'`, []string{"put", "a b", `$x "y" \z`}},
		{"double quotes", `put "a \"b\" \\ \$x \y"`, []string{"put", `a "b" \ $x \y`}},
		{"a backslash", `put a\ b \# \'`, []string{"put", "a b", "#", "'"}},
		{"joined parts", `put a'b'"c"`, []string{"put", "abc"}},
		{"an empty word", `put k ''`, []string{"put", "k", ""}},
		{"a comment", "put k v # w", []string{"put", "k", "v"}},
		{"a hash inside a word", "put k#1 v", []string{"put", "k#1", "v"}},
		{"a continued line", "put \\\n k v", []string{"put", "k", "v"}},
		{"a quoted line break", "put k 'a\nb'", []string{"put", "k", "a\nb"}},
		{"a variable", "put k ${NAME} $NAME \"x ${NAME}\"", []string{"put", "k", "two words", "two words", "x two words"}},
		{"an empty variable", "put k ${EMPTY} a${EMPTY}", []string{"put", "k", "", "a"}},
		{"a value is not read again", "put k ${QUOTE}", []string{"put", "k", `a"b'c\`}},
		{"no variable in single quotes", "put k '${NAME}'", []string{"put", "k", "${NAME}"}},
		{"patterns and tildes are literal", "del ~/* [a-z]? {a,b}", []string{"del", "~/*", "[a-z]?", "{a,b}"}},
		{"an equals sign", "put a=b c", []string{"put", "a=b", "c"}},
		{"a lone dollar", `put k a$ "$"`, []string{"put", "k", "a$", "$"}},
		{"a byte order mark", limited.ByteOrderMark + "put k v", []string{"put", "k", "v"}},
		{"a Windows line ending", "put k v\r\n", []string{"put", "k", "v"}},
		{"a semicolon at the end", "put k v;", []string{"put", "k", "v"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			lines, err := Parse([]byte(test.line), environment)
			if err != nil || len(lines) != 1 || !slices.Equal(lines[0].Words, test.want) {
				t.Errorf("Parse(%q) = %v, %v; want %q", test.line, lines, err, test.want)
			}
		})
	}
}

func TestLinesHaveTheirNumbersAndInputs(t *testing.T) {
	lines, err := Parse([]byte("# a comment\nrole add r\n\nput k <<END\na ${NAME}\nb\nEND\nput \\\n l <<'END'\n${NAME}\nEND\nget k"), environment)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		number int
		words  string
		input  string
	}{{2, "role add r", ""}, {4, "put k", "a two words\nb\n"}, {8, "put l", "${NAME}\n"}, {12, "get k", ""}} {
		got := lines[i]
		if got.Number != want.number || strings.Join(got.Words, " ") != want.words || string(got.Input) != want.input {
			t.Errorf("command %d is %d %q with %q, want %d %q with %q", i, got.Number, got.Words, got.Input, want.number, want.words, want.input)
		}
	}
}

func TestWhatOnlyAShellCanDoIsRefused(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a pipe", "get k | less", "line 1: | does not connect commands"},
		{"a list", "get k && get l", "line 1: && does not connect commands"},
		{"two commands", "get k\nget l; get m", "line 2: two commands on one line"},
		{"a redirection", "get k > file", "line 1: > does not redirect"},
		{"the background", "get k &", "line 1: & does not start"},
		{"a substitution", "get $(date)", "line 1: $(date) is not supported"},
		{"backquotes", "get `date`", "line 1: `date` is not supported"},
		{"an operator of a variable", "get ${NAME:-x}", "line 1: ${NAME:-x} is not the name of a variable"},
		{"a special variable", "get $?", "line 1: $? is not the name of a variable"},
		{"an assignment", "A=b get k", "line 1: a command line cannot set variables"},
		{"a variable that is not set", "get k\nget ${NONE}", "line 2: the variable NONE is not set"},
		{"an open quote", "get k\nget 'k", "line 2: "},
		{"a loop", "for x in a; do get x; done", "line 1: a line is one command"},
		{"a subshell", "(get k)", "line 1: ( does not begin a subshell"},
		{"a comment that seems to continue", "get k # all \\\nget l", "line 1: a comment ends with a backslash"},
		{"a line of comment that seems to continue", "get k\n# all \\\nget l", "line 2: a comment ends with a backslash"},
		{"a NUL", "get k\nget \x00", "line 2: a script is text"},
	} {
		t.Run(test.name, func(t *testing.T) {
			lines, err := Parse([]byte(test.text), environment)
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("Parse(%q) = %v, %v; want an error that begins with %q", test.text, lines, err, test.want)
			}
		})
	}
}

func TestAllInvalidLinesAreReported(t *testing.T) {
	_, err := Parse([]byte("get ${A}\nget k\nget ${B}\nget l > m"), environment)
	if got := strings.Count(err.Error(), "\n") + 1; got != 3 {
		t.Errorf("%d lines are reported, want 3: %v", got, err)
	}
}
