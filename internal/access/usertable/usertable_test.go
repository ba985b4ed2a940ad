package usertable

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/internal/access"
)

func TestATableListsUsersWithTheirRolesAndPasswords(t *testing.T) {
	const want = `alice [app audit] password from the environment variable ALICE_PW line 2
bob [] with a generated password line 3
svc [a,b] without password line 4
dave [app] password from a file line 5
`
	for name, text := range map[string]string{
		"CSV":                  "name,roles,password\nalice,\"app,audit\",env:ALICE_PW\nbob,,\nsvc,\"\"\"a,b\"\"\",none\ndave,app,file:pw/dave\n",
		"CSV with a mark":      "\ufeffname,roles,password\r\nalice,\"app, audit,app\",env:ALICE_PW\r\nbob\r\nsvc,\"\"\"a,b\"\"\",none\r\ndave,app,file:pw/dave",
		"CSV in another order": "password,name,roles\nenv:ALICE_PW,alice,\"app,audit\"\ngenerate,bob,\nnone,svc,\"\"\"a,b\"\"\"\nfile:pw/dave,dave,app\n",
		"NDJSON":               "\n" + `{"name":"alice","roles":["app","audit"],"password":"env:ALICE_PW"}` + "\n" + `{"name":"bob"}` + "\n" + `{"name":"svc","roles":["a,b"],"password":"none"}` + "\n" + `{"roles":["app"],"name":"dave","password":"file:pw/dave"}`,
		"NDJSON with a mark":   "\ufeff\r\n" + `{"name":"alice","roles":["app","audit"],"password":"env:ALICE_PW"}` + "\r\n" + `{"name":"bob","password":"generate"}` + "\r\n" + `{"name":"svc","roles":["a,b"],"password":"none"}` + "\r\n" + `{"roles":["app"],"name":"dave","password":"file:pw/dave"}` + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			users, err := Parse("t", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, user := range users {
				fmt.Fprintf(&got, "%s %s %s line %d\n", user.Name, user.Roles, user.Password, user.At.Line)
			}
			if got.String() != want {
				t.Errorf("the users are\n%s, want\n%s", &got, want)
			}
		})
	}
}

func TestAnInvalidTableNamesEachLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "t:1: there are no users",
		"name\n":                               "t:1: there are no users",
		"naem,roles\nx,y\n":                    `t:1: unknown column "naem": did you mean "name"?`,
		"bob,app,hunter2\n":                    "t:1: unknown column: the columns are name, roles, password\nt:1: unknown column: the columns are name, roles, password\nt:1: unknown column: the columns are name, roles, password",
		"name,name\n":                          `t:1: the header has a column twice: "name"`,
		"roles\napp\n":                         `t:1: the header has no column "name": the first line names the columns name, roles, password`,
		"name\na,b\n":                          "t:2: the line has 2 cells, and the header has 1: put a cell with a comma in double quotes",
		"name,password\nbob,hunter2\nc,env:\n": "t:2: the password needs a source: write none, generate, env:VARIABLE, file:PATH or command:LINE, and not the password itself\nt:3: the password needs a source: write none, generate, env:VARIABLE, file:PATH or command:LINE, and not the password itself",
		"name\nbob\n\"\"\nbob\n":               "t:3: the name is empty\nt:4: the name is also in line 2",
		"name,roles\nbob,\"a,,b\"\n":           "t:2: roles contains an empty name",
		"name\n\"bob\n":                        "t:2: extraneous or missing \" in quoted-field",
		"name\n" + strings.Repeat("x", access.MaxName+1) + "\n": fmt.Sprintf("t:2: the name of the user has %d bytes and the maximum is %d: a longer one stops every member of the cluster for good", access.MaxName+1, access.MaxName),
		"name\nb\xffb\n":                      "t:2: the line is not UTF-8",
		"\xff\xfen\x00":                       "t:1: the file is UTF-16: save it as UTF-8",
		`{"name":"a"}` + "\nhunter2\n":        "t:2: the line is not a JSON object",
		`{"name":1}`:                          "t:1: name is not a string",
		`{"name":"a","roles":"app"}`:          "t:1: roles is not a list of strings",
		`{"name":"a","password":{"env":"A"}}`: "t:1: password is not a string",
		`{"name":"a","role":["x"]}`:           `t:1: unknown field "role": did you mean "roles"?`,
	} {
		t.Run(text[:min(len(text), 20)], func(t *testing.T) {
			_, err := Parse("t", []byte(text))
			if err == nil || err.Error() != want+"\nnothing was changed" {
				t.Errorf("the error is\n%v, want\n%s", err, want)
			}
		})
	}
}

func TestAnErrorListsAtMostFiftyProblems(t *testing.T) {
	_, err := Parse("t", []byte("name\n"+strings.Repeat("\"\"\n", 60)))
	if err == nil || !strings.HasSuffix(err.Error(), "\nand 10 more problems\nnothing was changed") || strings.Count(err.Error(), "\n") != 51 {
		t.Errorf("the error is %v", err)
	}
}
