package reconcile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/access/apply"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/internal/session"
)

// passwords holds the passwords of the users of a policy. It reads each one on first
// use.
type passwords struct {
	*Reconciler
	untouched bool // do not read passwords or run commands

	values    map[string]string
	generated map[string]bool
	faults    policy.Errors
}

func newPasswords(r *Reconciler) *passwords {
	return &passwords{Reconciler: r, values: map[string]string{}, generated: map[string]bool{}}
}

// read reads the user's password on first use. It adds an error to the faults and
// returns false.
func (p *passwords) read(ctx context.Context, user policy.User) bool {
	if _, done := p.values[user.Name]; done {
		return true
	}
	value, err := p.readFrom(ctx, user.Password)
	if err != nil {
		p.faults = append(p.faults, policy.Problem{At: user.Password.At, Message: fmt.Sprintf("the password of %s: %v", user.Name, err)})
		return false
	}
	p.values[user.Name] = value
	p.generated[user.Name] = user.Password.Source == policy.Generate
	return true
}

// generatedFor returns the generated passwords of the users that the plan adds.
func (p *passwords) generatedFor(planned *plan.Plan) []secret.GeneratedPassword {
	var generated []secret.GeneratedPassword
	for _, d := range planned.Differences {
		if d.Subject == plan.User && d.Action == plan.Add && p.generated[d.User] {
			generated = append(generated, secret.GeneratedPassword{User: d.User, Password: p.values[d.User]})
		}
	}
	return generated
}

// sentBy reports whether the execution of the plan sends a password.
func (p *passwords) sentBy(planned *plan.Plan) bool {
	return slices.ContainsFunc(planned.Differences, func(d plan.Difference) bool {
		sets := d.Subject == plan.Password || d.Subject == plan.User && d.Action == plan.Add
		return sets && p.values[d.User] != ""
	})
}

// ReadPassword reads a password from its source, or generates it.
func (r *Reconciler) ReadPassword(ctx context.Context, from policy.Password) (string, error) {
	return newPasswords(r).readFrom(ctx, from)
}

// readFrom reads a password from its source.
func (p *passwords) readFrom(ctx context.Context, from policy.Password) (string, error) {
	switch from.Source {
	case policy.Env:
		value, _ := p.Sources.LookupEnv(from.Value)
		if value == "" {
			return "", fmt.Errorf("%s is not set, or empty", from.Variable())
		}
		return value, secret.CheckText(value, from.Variable())
	case policy.File:
		path := from.Value
		if !filepath.IsAbs(path) {
			// Relative paths start at the policy, so that both can move together.
			path = filepath.Join(filepath.Dir(from.At.File), path)
		}
		value, warning, err := secret.ReadFile(ctx, path, p.Sources.Stdin)
		if warning != "" {
			p.Report.Warn(warning)
		}
		if _, missing := os.Stat(path); err != nil && missing != nil {
			// A text that is not a path may be the misplaced password itself.
			err = errors.New(strings.ReplaceAll(err.Error(), path, "its file"))
		}
		return value, err
	case policy.Command:
		program := secret.Program{Line: from.Value, Environ: p.Sources.Environ, Stderr: p.Sources.Stderr}
		return program.Password(ctx)
	case policy.Generate:
		return secret.Generate(), nil
	case policy.None, policy.NotGiven:
	}
	return "", nil
}

// isTried reports whether an existing user's password can be tested with a login. A
// generated password cannot: it exists only for a new user.
func isTried(p policy.Password) bool {
	return p.Source == policy.Env || p.Source == policy.File || p.Source == policy.Command
}

// outdated returns the existing users whose password differs from the policy. While
// authentication is on, a login tests each password. While it is off, no test is
// possible: all of them count as outdated with UpdatePasswords, and none without.
// unknown lists the users whose passwords were not tested because passwords are
// untouched.
//
// outdated skips self, the user of the session, whose password always stays. Two
// problems become faults. A password cannot be read, or the policy has one for a user
// that was added without a password.
func (p *passwords) outdated(ctx context.Context, s *session.Session, snapshot reader.Snapshot, self string) (names, unknown []string, err error) {
	var there []policy.User
	for _, name := range slices.Sorted(maps.Keys(p.Policy.Users)) {
		user := p.Policy.Users[name]
		_, exists := snapshot.Users[name]
		if exists && name != self && isTried(user.Password) && (snapshot.Enabled || p.UpdatePasswords) && (p.untouched || p.read(ctx, user)) {
			there = append(there, user)
			names = append(names, name)
		}
	}
	switch {
	case ctx.Err() != nil:
		return nil, nil, context.Cause(ctx)
	case !snapshot.Enabled:
		return names, nil, nil
	case p.untouched:
		return nil, names, nil
	}
	names, err = p.refused(ctx, s, there)
	return names, nil, err
}

// refused returns the users that cannot log in with their passwords.
func (p *passwords) refused(ctx context.Context, s *session.Session, there []policy.User) ([]string, error) {
	client, err := s.Client(ctx)
	if err != nil {
		return nil, err
	}
	results := make([]error, len(there))
	shown := p.Report.Progress("passwords tried")
	defer shown.End()
	var (
		mu   sync.Mutex
		done int
	)
	trying, _ := crash.NewGroup(ctx, apply.Parallel)
	for i, user := range there {
		trying.Start(func() error {
			results[i] = p.try(ctx, s, client, user.Name)
			mu.Lock()
			defer mu.Unlock()
			done++
			shown.Show(done, len(there))
			return nil
		})
	}
	_ = trying.Wait() // each login stores its own result
	var names []string
	for i, err := range results {
		switch {
		case err == nil:
		case errors.Is(err, rpctypes.ErrAuthFailed):
			names = append(names, there[i].Name)
		case etcd.IsNoPasswordUser(err):
			p.faults = append(p.faults, policy.Problem{
				At:      there[i].Password.At,
				Message: fmt.Sprintf("the user %s was added without a password, and cannot be given one", there[i].Name),
				Hint:    "delete it, and apply adds it again; or write password: none",
			})
		default:
			return nil, err
		}
	}
	return names, nil
}

// try logs in as the user.
func (p *passwords) try(ctx context.Context, s *session.Session, api clientv3.Auth, name string) error {
	ctx, cancel := s.Timeout(ctx)
	defer cancel()
	_, err := api.Authenticate(ctx, name, p.values[name])
	return err
}
