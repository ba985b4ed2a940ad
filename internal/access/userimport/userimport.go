// Package userimport adds the users of a table and grants their roles: all of them or
// none, or each user on its own.
package userimport

import (
	"context"
	"fmt"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/access/rollback"
	"github.com/ectl-io/ectl/internal/access/usertable"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/session"
	"github.com/ectl-io/ectl/internal/suggest"
)

// Import adds the users of one table.
type Import struct {
	Session *session.Session
	Users   []policy.User // in the order of the table

	IfNotExists  bool   // grant the missing roles to users that exist
	KeepGoing    bool   // each user on its own
	PasswordsOut string // new file for generated passwords; empty if there is none

	// ReadPassword reads a password from its source, or generates it.
	ReadPassword func(context.Context, policy.Password) (string, error)

	Flags  Flags
	Report Report
}

// Flags contains the names of the flags that error messages suggest, without dashes.
type Flags struct {
	IfNotExists  string
	PasswordsOut string
}

// Report contains the callbacks through which an Import prints messages.
type Report struct {
	rollback.Report

	Warn   func(string) // prints a warning
	Failed func(error)  // prints why a user was not imported, while others were
}

// Result describes what an Import has done.
type Result struct {
	Users  []User // the imported ones, in the order of the table
	Failed error  // lists the users that failed with KeepGoing; nil if there are none
}

// User is a user that was imported.
type User struct {
	Name    string
	Created bool               // false if it existed
	Granted []string           // only roles that it did not have
	Header  *pb.ResponseHeader // of the last change; nil if nothing changed
}

// Run adds the users and grants their roles. With an error, nothing was imported, or the
// error describes what remains. If ctx ends while KeepGoing is set, the users before were
// imported.
func (i *Import) Run(ctx context.Context) (Result, error) {
	r := &run{Import: i, users: i.Users, passwords: map[string]string{}}
	for _, step := range []func(context.Context) error{r.check, r.readPasswords, r.deliver} {
		if err := step(ctx); err != nil {
			return Result{}, err
		}
	}
	change := r.changeAll
	if i.KeepGoing {
		change = r.changeEach
	}
	if err := change(ctx); err != nil {
		return Result{}, err
	}
	return Result{Users: r.imported, Failed: r.failures.result(len(i.Users))}, nil
}

// run is one run of an Import.
type run struct {
	*Import

	users     []policy.User // that have not failed yet
	existing  map[string]bool
	passwords map[string]string // of the users to add
	written   bool              // the file of the generated passwords
	imported  []User
	failures  failures
}

// isDry reports whether no change is sent.
func (r *run) isDry() bool { return r.Session.Connection.DryRun != nil }

// check compares the table with the cluster.
func (r *run) check(ctx context.Context) error {
	users, err := session.Call(ctx, r.Session, reader.UserNames)
	if err != nil {
		return err
	}
	roles, err := session.Call(ctx, r.Session, reader.RoleNames)
	if err != nil {
		return err
	}
	r.existing = set(users)
	return r.refuse(r.problems(roles), exit.Error)
}

// problems returns what prevents the import of the users. roles are those of the cluster.
func (r *run) problems(roles []string) (problems usertable.Errors) {
	known := set(roles)
	for _, user := range r.users {
		problem := func(format string, args ...any) {
			problems = append(problems, usertable.Problem{File: user.At.File, Line: user.At.Line, Message: fmt.Sprintf(format, args...)})
		}
		if r.existing[user.Name] && !r.IfNotExists {
			problem("the user %s exists: --%s keeps it", user.Name, r.Flags.IfNotExists)
		}
		for _, role := range user.Roles {
			if known[role] {
				continue
			}
			if hint := suggest.Hint(role, roles); hint != "" {
				problem("there is no role %s: %s", role, hint)
				continue
			}
			problem("there is no role %s: \"role add\" adds it", role)
		}
	}
	return problems
}

func set(names []string) map[string]bool {
	all := make(map[string]bool, len(names))
	for _, name := range names {
		all[name] = true
	}
	return all
}
