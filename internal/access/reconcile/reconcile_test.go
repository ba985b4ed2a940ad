package reconcile

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
)

func TestAFolderIsItsPolicyFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("b.yml", "apiVersion: ectl/v1\nusers: {bob: {roles: [app]}}")
	write("a.yaml", "apiVersion: ectl/v1\nroles: {app: }")
	write("c.json", `{"apiVersion": "ectl/v1", "roles": {"db": []}}`)
	write("notes.txt", "none")
	if err := os.Mkdir(filepath.Join(dir, "more.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	p, err := ReadPolicy(t.Context(), strings.NewReader("apiVersion: ectl/v1\nroles: {stdin: }"), []string{dir, "-"})
	if err != nil || len(p.Roles) != 3 || len(p.Users) != 1 {
		t.Errorf("the folder and standard input are %+v, %v; want three roles and a user", p, err)
	}
	write("d.yaml", "apiVersion: ectl/v1\nroles: {app: }")
	_, err = ReadPolicy(t.Context(), nil, []string{dir})
	if exit.CodeOf(err) != exit.InvalidInput || !strings.Contains(err.Error(), filepath.Join(dir, "d.yaml")+":2:9: ") {
		t.Errorf("a role in two files is %v, want the status %d and where", err, exit.InvalidInput)
	}
}

// from returns what reads passwords from an environment. Their commands write to
// stderr.
func from(stderr io.Writer, environ map[string]string) *passwords {
	return newPasswords(&Reconciler{Sources: Sources{
		LookupEnv: func(name string) (string, bool) { value, set := environ[name]; return value, set },
		Stdin:     bufio.NewReader(strings.NewReader("")),
		Environ:   []string{"PATH=" + os.Getenv("PATH")},
		Stderr:    stderr,
	}})
}

func TestPasswordsComeFromWhereThePolicySays(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "pw"), []byte("from file\nsecond\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := policy.Position{File: filepath.Join(dir, "policy.yaml"), Line: 1, Column: 2}
	for want, p := range map[string]policy.Password{
		"from env":     {Source: policy.Env, Value: "PW"},
		"from file":    {Source: policy.File, Value: "pw"},
		"from command": {Source: policy.Command, Value: "echo from command; echo second; echo seen >&2"},
	} {
		t.Run(want, func(t *testing.T) {
			p.At = at
			var stderr bytes.Buffer
			if got, err := from(&stderr, map[string]string{"PW": "from env"}).readFrom(t.Context(), p); got != want || err != nil {
				t.Errorf("the password is %q, %v", got, err)
			}
			if p.Source == policy.Command && stderr.String() != "seen\n" {
				t.Errorf("standard error has %q, want what the command prints there", stderr.String())
			}
		})
	}
	t.Run("generated", func(t *testing.T) {
		generated, err := from(io.Discard, nil).readFrom(t.Context(), policy.Password{Source: policy.Generate})
		if len(generated) != 26 || err != nil {
			t.Errorf("the password is %q, %v", generated, err)
		}
	})
}

func TestPasswordsThatCannotBeRead(t *testing.T) {
	at := policy.Position{File: filepath.Join(t.TempDir(), "policy.yaml"), Line: 1, Column: 2}
	for name, test := range map[string]struct {
		password policy.Password
		want     string
	}{
		"an empty variable":    {policy.Password{Source: policy.Env, Value: "EMPTY"}, "EMPTY is not set, or empty"},
		"no variable":          {policy.Password{Source: policy.Env, Value: "NONE"}, "NONE is not set, or empty"},
		"no file":              {policy.Password{Source: policy.File, Value: "none"}, "no such file"},
		"a command that fails": {policy.Password{Source: policy.Command, Value: "echo topsecret; exit 3"}, "exit status 3"},
		"an empty first line":  {policy.Password{Source: policy.Command, Value: "echo; echo topsecret"}, "an empty first line"},
	} {
		t.Run(name, func(t *testing.T) {
			test.password.At = at
			got, err := from(io.Discard, map[string]string{"EMPTY": ""}).readFrom(t.Context(), test.password)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "topsecret") {
				t.Errorf("the password is %q, %v; want an error with %q", got, err, test.want)
			}
		})
	}
	t.Run("all of them are reported", func(t *testing.T) {
		known := from(io.Discard, nil)
		for _, name := range []string{"a", "b"} {
			known.read(t.Context(), policy.User{Name: name, Password: policy.Password{Source: policy.Env, Value: "NONE", At: at}})
		}
		if faults, ok := errors.AsType[policy.Errors](known.faults); !ok || len(faults) != 2 {
			t.Errorf("the faults are %v, want both", known.faults)
		}
	})
}

func TestPruneIsRefusedIfItIsMoreLikelyAMistake(t *testing.T) {
	nothing := reader.Snapshot{State: access.NewState()}
	there := reader.Snapshot{State: access.NewState(), Enabled: true}
	for _, name := range []string{"root", "bob"} {
		there.Users[name] = access.User{Name: name}
		there.Roles[name] = access.Role{Name: name}
	}
	admin, unknown := etcd.Self{User: "admin"}, etcd.Self{By: etcd.ByToken}
	both := policy.Policy{HasUsers: true, HasRoles: true}
	for name, test := range map[string]struct {
		there  reader.Snapshot
		policy policy.Policy
		self   etcd.Self
		says   string // empty: it may
	}{
		"users and roles":             {there, both, admin, ""},
		"an identity that is unknown": {there, both, unknown, "the token does not name its user"},
		"no roles":                    {there, policy.Policy{HasUsers: true}, admin, "the policy has no roles: --prune would remove all 1 of them"},
		"no users":                    {there, policy.Policy{HasRoles: true}, admin, "the policy has no users: --prune would remove all 1 of them"},
		"nothing to remove":           {nothing, policy.Policy{}, unknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := (&Reconciler{Policy: test.policy, Prune: true}).mayPrune(test.there, test.self)
			if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("prune is refused with %v, want %q", err, test.says)
			}
			if err := (&Reconciler{Policy: test.policy}).mayPrune(test.there, test.self); err != nil {
				t.Errorf("without prune it is refused with %v", err)
			}
		})
	}
}
