package rbac

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/commands/clitest"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
)

func TestPlanAndApplyTakeTheirOptions(t *testing.T) {
	run, planned := clitest.New(""), planOptions{}
	if err := run.Execute(t.Context(), newPlanCmd(run.Factory, clitest.Asked(&planned)), "-f", "a,b.yaml", "--file", "c", "--prune", "--exit-code", "--no-new-access"); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(planned.Files.Paths, []string{"a,b.yaml", "c"}) || !planned.Prune || !planned.ExitCode || !planned.NoNewAccess || planned.UpdatePasswords {
		t.Errorf("plan is asked for %+v", planned)
	}
	run, applied := clitest.New(""), applyOptions{}
	if err := run.Execute(t.Context(), newApplyCmd(run.Factory, clitest.Asked(&applied)), "-f", "-", "--yes", "--update-passwords"); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(applied.Files.Paths, []string{"-"}) || applied.Prune || !applied.Yes || !applied.UpdatePasswords {
		t.Errorf("apply is asked for %+v", applied)
	}
	for line, want := range map[string]exit.Code{
		"plan": exit.BadArgs, "plan -f x y": exit.BadArgs, "apply --yes": exit.BadArgs, "apply -f x": exit.BadArgs, "test": exit.BadArgs, "export x": exit.BadArgs,
		"plan -f x -w html": exit.BadFeature, "apply -f x --yes -w html": exit.BadFeature, "export -w html": exit.BadFeature,
	} {
		run := clitest.New("")
		if err := run.Execute(t.Context(), NewCmd(run.Factory), strings.Fields(line)...); exit.CodeOf(err) != want {
			t.Errorf("%s ends with %v, want the status %d", line, err, want)
		}
	}
}

func TestAFolderIsItsPolicyFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("b.yml", "apiVersion: ectl/v1\nusers: {bob: {roles: [app]}}")
	write("a.yaml", "apiVersion: ectl/v1\nroles: {app: }")
	write("c.json", `{"apiVersion": "ectl/v1", "roles": {"db": []}}`)
	write("notes.txt", "none")
	if err := os.Mkdir(filepath.Join(dir, "more.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	run := clitest.New("apiVersion: ectl/v1\nroles: {stdin: }")
	p, err := (&policyFiles{Paths: []string{dir, "-"}}).read(t.Context(), run.Factory)
	if err != nil || len(p.Roles) != 3 || len(p.Users) != 1 {
		t.Errorf("the folder and standard input are %+v, %v; want three roles and a user", p, err)
	}
	write("d.yaml", "apiVersion: ectl/v1\nroles: {app: }")
	_, err = (&policyFiles{Paths: []string{dir}}).read(t.Context(), run.Factory)
	if exit.CodeOf(err) != exit.InvalidInput || !strings.Contains(err.Error(), filepath.Join(dir, "d.yaml")+":2:9: ") {
		t.Errorf("a role in two files is %v, want the status %d and where", err, exit.InvalidInput)
	}
}

func TestPasswordsComeFromWhereThePolicySays(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "pw"), []byte("from file\nsecond\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := clitest.New("", "PW=from env", "EMPTY=", "PATH="+os.Getenv("PATH"))
	at := policy.Position{File: filepath.Join(dir, "policy.yaml"), Line: 1, Column: 2}
	for want, p := range map[string]policy.Password{
		"from env":     {Source: policy.Env, Value: "PW"},
		"from file":    {Source: policy.File, Value: "pw"},
		"from command": {Source: policy.Command, Value: "echo from command; echo second; echo seen >&2"},
	} {
		p.At = at
		if got, err := newPasswords(cli.Children{}).readFrom(t.Context(), run.Factory, p); got != want || err != nil {
			t.Errorf("the password %s is %q, %v; want %q", p, got, err, want)
		}
	}
	if run.Err.String() != "seen\n" {
		t.Errorf("standard error has %q, want what the command says there", run.Err.String())
	}
	generated, err := newPasswords(cli.Children{}).readFrom(t.Context(), run.Factory, policy.Password{Source: policy.Generate})
	if len(generated) != 24 || err != nil {
		t.Errorf("the generated password is %q, %v", generated, err)
	}
	for want, p := range map[string]policy.Password{
		"EMPTY is not set, or empty": {Source: policy.Env, Value: "EMPTY"},
		"NONE is not set, or empty":  {Source: policy.Env, Value: "NONE"},
		"no such file":               {Source: policy.File, Value: "none"},
		"exit status 3":              {Source: policy.Command, Value: "echo topsecret; exit 3"},
		"an empty first line":        {Source: policy.Command, Value: "echo; echo topsecret"},
	} {
		p.At = at
		got, err := newPasswords(cli.Children{}).readFrom(t.Context(), run.Factory, p)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "topsecret") {
			t.Errorf("the password %s is %q, %v; want an error with %q", p, got, err, want)
		}
	}
	known := newPasswords(cli.Children{})
	for _, name := range []string{"a", "b"} {
		known.read(t.Context(), run.Factory, policy.User{Name: name, Password: policy.Password{Source: policy.Env, Value: "NONE", At: at}})
	}
	if faults, ok := errors.AsType[policy.Errors](known.faults); !ok || len(faults) != 2 {
		t.Errorf("the faults are %v, want both", known.faults)
	}
}

func TestPruneIsRefusedWhereItIsMoreLikelyAMistake(t *testing.T) {
	there := reader.Snapshot{State: access.NewState(), Enabled: true}
	for _, name := range []string{"root", "bob"} {
		there.Users[name] = access.User{Name: name}
		there.Roles[name] = access.Role{Name: name}
	}
	admin, nobody := etcd.Self{User: "admin"}, etcd.Self{By: etcd.ByToken}
	both := policy.Policy{SaysUsers: true, SaysRoles: true}
	for _, test := range []struct {
		policy policy.Policy
		self   etcd.Self
		says   string // empty: it may
	}{
		{both, admin, ""},
		{both, nobody, "the token does not say whose it is"},
		{policy.Policy{SaysUsers: true}, admin, "the policy has no roles, and --prune would remove all 1 of them"},
		{policy.Policy{SaysRoles: true}, admin, "the policy has no users, and --prune would remove all 1 of them"},
	} {
		err := (&planning{Prune: true}).mayPrune(there, test.policy, test.self)
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("prune by %+v as %q is %v, want %q", test.policy, test.self.User, err, test.says)
		}
		if err := (&planning{}).mayPrune(there, test.policy, test.self); err != nil {
			t.Errorf("without prune it is %v", err)
		}
	}
	if err := (&planning{Prune: true}).mayPrune(reader.Snapshot{State: access.NewState()}, policy.Policy{}, nobody); err != nil {
		t.Errorf("where nothing is there to be removed it is %v", err)
	}
}
