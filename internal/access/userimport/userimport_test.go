package userimport

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/usertable"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/session"
)

// newRun returns a run for users with generated passwords, one a line from line 2 on. It
// has no server. reported receives the errors of single users.
func newRun(t *testing.T, names ...string) (r *run, reported *[]string) {
	t.Helper()
	reported = &[]string{}
	i := &Import{
		Session:      session.New(nil, nil),
		PasswordsOut: filepath.Join(t.TempDir(), "passwords.csv"),
		ReadPassword: func(_ context.Context, p policy.Password) (string, error) {
			if p.Value != "" {
				return "", fmt.Errorf("no %s", p.Value)
			}
			return "secret", nil
		},
		Flags: Flags{IfNotExists: "if-not-exists", PasswordsOut: "passwords-out"},
		Report: Report{
			Warn:   func(text string) { t.Errorf("unexpected warning: %s", text) },
			Failed: func(err error) { *reported = append(*reported, err.Error()) },
		},
	}
	for n, name := range names {
		i.Users = append(i.Users, policy.User{
			Name: name, Password: policy.Password{Source: policy.Generate}, At: policy.Position{File: "t.csv", Line: n + 2},
		})
	}
	return &run{Import: i, users: i.Users, passwords: map[string]string{}, existing: map[string]bool{}}, reported
}

func namesOf(users []policy.User) (names []string) {
	for _, user := range users {
		names = append(names, user.Name)
	}
	return names
}

func TestProblemsNameUsersThatExistAndRolesThatDoNot(t *testing.T) {
	r, _ := newRun(t, "alice", "bob")
	r.existing["alice"] = true
	r.users[1].Roles = []string{"app", "aduit", "other"}
	want := usertable.Errors{
		{File: "t.csv", Line: 2, Message: "the user alice exists: --if-not-exists keeps it"},
		{File: "t.csv", Line: 3, Message: `there is no role aduit: did you mean "audit"?`},
		{File: "t.csv", Line: 3, Message: `there is no role other: "role add" adds it`},
	}
	if got := r.problems([]string{"app", "audit"}); !slices.Equal(got, want) {
		t.Errorf("the problems are %v, want %v", got, want)
	}
	r.IfNotExists = true
	if got := r.problems([]string{"app", "audit"}); !slices.Equal(got, want[1:]) {
		t.Errorf("with IfNotExists the problems are %v, want %v", got, want[1:])
	}
}

func TestProblemsEndTheImport(t *testing.T) {
	r, reported := newRun(t, "alice")
	r.users[0].Password.Value = "file"
	err := r.readPasswords(t.Context())
	if exit.CodeOf(err) != exit.InvalidInput || !strings.HasPrefix(err.Error(), "t.csv:2: the password of alice: no file\n") || len(*reported) != 0 {
		t.Errorf("the error is %v with status %d, reported are %q", err, exit.CodeOf(err), *reported)
	}
}

func TestProblemsEndTheirUsersAloneWithKeepGoing(t *testing.T) {
	r, reported := newRun(t, "alice", "bob", "carol")
	r.KeepGoing = true
	r.users[2].Password.Value = "file"
	problems := usertable.Errors{{File: "t.csv", Line: 2, Message: "one"}, {File: "t.csv", Line: 2, Message: "another"}}
	if err := r.refuse(problems, exit.Error); err != nil {
		t.Fatal(err)
	}
	if err := r.readPasswords(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := namesOf(r.users); !slices.Equal(got, []string{"bob"}) || len(r.Users) != 3 {
		t.Errorf("the users that are left are %v of %d", got, len(r.Users))
	}
	if want := []string{"t.csv:2: one; another", "t.csv:4: the password of carol: no file"}; !slices.Equal(*reported, want) {
		t.Errorf("reported are %q, want %q", *reported, want)
	}
	err := r.failures.result(len(r.Users))
	if exit.CodeOf(err) != exit.Error || err.Error() != "2 of 3 users failed: t.csv:2, t.csv:4" {
		t.Errorf("the error is %v with status %d, want the status of the first failure", err, exit.CodeOf(err))
	}
}

func TestFailuresListTheFirstPlaces(t *testing.T) {
	r, _ := newRun(t)
	for line := range 30 {
		r.fail(policy.User{At: policy.Position{File: "t", Line: line}}, exit.With(exit.IO, os.ErrClosed))
	}
	err := r.failures.result(40)
	if got := err.Error(); !strings.HasPrefix(got, "30 of 40 users failed: t:0, ") || !strings.HasSuffix(got, "t:19, and 10 more") {
		t.Errorf("the error is %s", got)
	}
}

func TestThePasswordsOfUsersThatWereNotAddedAreRemoved(t *testing.T) {
	for name, test := range map[string]struct {
		kept []string // empty: no file
		want string
	}{
		"all":  {[]string{"alice", "bob"}, "name,password\nalice,secret\nbob,secret\n"},
		"one":  {[]string{"bob"}, "name,password\nbob,secret\n"},
		"none": {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := newRun(t, "alice", "bob", "eve")
			r.existing["eve"] = true
			for _, step := range []func(context.Context) error{r.readPasswords, r.deliver} {
				if err := step(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if n := r.keepPasswords(func(user policy.User) bool { return slices.Contains(test.kept, user.Name) }); n != len(test.kept) {
				t.Errorf("%d passwords are left, want %d", n, len(test.kept))
			}
			got, err := os.ReadFile(r.PasswordsOut)
			if string(got) != test.want || os.IsNotExist(err) != (test.want == "") {
				t.Errorf("the file has %q, %v; want %q", got, err, test.want)
			}
			if info, err := os.Stat(r.PasswordsOut); err == nil && info.Mode().Perm() != passwordsMode {
				t.Errorf("the file has the mode %v", info.Mode())
			}
		})
	}
}

func TestPasswordsThatCannotBeDelivered(t *testing.T) {
	for name, test := range map[string]struct {
		path   string // in a folder that has the file "taken"
		status exit.Code
		says   string
	}{
		"no file":   {"", exit.BadArgs, "passwords are generated for 1 user: give a file for them with --passwords-out; nothing was changed"},
		"a file":    {"taken", exit.IO, "exists, so nothing was changed"},
		"no folder": {"none/p.csv", exit.IO, "the generated passwords would be lost, so nothing was changed"},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := newRun(t, "alice")
			folder := t.TempDir()
			taken := filepath.Join(folder, "taken")
			if err := os.WriteFile(taken, []byte("kept"), 0o600); err != nil {
				t.Fatal(err)
			}
			if r.PasswordsOut = test.path; test.path != "" {
				r.PasswordsOut = filepath.Join(folder, test.path)
			}
			err := r.deliver(t.Context())
			if exit.CodeOf(err) != test.status || !strings.Contains(err.Error(), test.says) {
				t.Errorf("the error is %v with status %d, want %q with %d", err, exit.CodeOf(err), test.says, test.status)
			}
			if n := r.keepPasswords(func(policy.User) bool { return false }); n != 0 {
				t.Errorf("%d passwords are left", n)
			}
			if text, err := os.ReadFile(taken); string(text) != "kept" {
				t.Errorf("the other file has %q, %v", text, err)
			}
		})
	}
}

func TestADryRunRunsNoCommandAndWritesNoPasswords(t *testing.T) {
	r, _ := newRun(t, "alice", "bob")
	r.Session.Connection.DryRun = &etcd.DryRun{}
	r.users[1].Password = policy.Password{Source: policy.Command, Value: "command"}
	for _, step := range []func(context.Context) error{r.readPasswords, r.deliver} {
		if err := step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(r.PasswordsOut); !os.IsNotExist(err) {
		t.Errorf("the file of the passwords is there: %v", err)
	}
}
