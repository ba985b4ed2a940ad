package reconcile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
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
	"github.com/ectl-io/ectl/internal/supervise"
)

// passwords are those of the users of a policy, read when they are needed.
type passwords struct {
	*Reconciler
	untouched bool // nothing is read, and no command is run

	values    map[string]string
	generated map[string]bool
	faults    policy.Errors
}

func newPasswords(r *Reconciler) *passwords {
	return &passwords{Reconciler: r, values: map[string]string{}, generated: map[string]bool{}}
}

// read reads the password of the user, unless it has been. What goes wrong is
// one of the faults.
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

// generatedFor returns the passwords that were generated for users whom p adds.
func (p *passwords) generatedFor(planned *plan.Plan) []secret.GeneratedPassword {
	var generated []secret.GeneratedPassword
	for _, d := range planned.Differences {
		if d.Subject == plan.User && d.Action == plan.Add && p.generated[d.User] {
			generated = append(generated, secret.GeneratedPassword{User: d.User, Password: p.values[d.User]})
		}
	}
	return generated
}

// sentBy says whether to do what is planned sends a password.
func (p *passwords) sentBy(planned *plan.Plan) bool {
	return slices.ContainsFunc(planned.Differences, func(d plan.Difference) bool {
		sets := d.Subject == plan.Password || d.Subject == plan.User && d.Action == plan.Add
		return sets && p.values[d.User] != ""
	})
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
			// A policy and its secrets move together.
			path = filepath.Join(filepath.Dir(from.At.File), path)
		}
		value, warning, err := secret.ReadFile(ctx, path, p.Sources.Stdin)
		if warning != "" {
			p.Report.Warn(warning)
		}
		if _, missing := os.Stat(path); err != nil && missing != nil {
			// What is no path may be the password itself, in the wrong place.
			err = errors.New(strings.ReplaceAll(err.Error(), path, "its file"))
		}
		return value, err
	case policy.Command:
		return p.fromCommand(ctx, from.Value)
	case policy.Generate:
		return secret.Generate(), nil
	case policy.None, policy.Unsaid:
	}
	return "", nil
}

// maxPrinted is how much a command that prints a password may print, in bytes.
const maxPrinted = 64 << 10

// fromCommand returns the first line that the shell prints for line. What the
// command says on standard error goes to ours.
func (p *passwords) fromCommand(ctx context.Context, line string) (string, error) {
	shell, option := "/bin/sh", "-c"
	if runtime.GOOS == "windows" {
		shell, option = "cmd", "/C"
	}
	cmd := exec.Command(shell, option, line) //nolint:noctx // it ends with ctx and all that it has started, see supervise
	cmd.Env, cmd.Stderr = p.Sources.Environ, p.Sources.Stderr
	value, err := supervise.FirstLine(ctx, cmd, maxPrinted)
	switch {
	case ctx.Err() != nil:
		return "", err
	case err != nil:
		return "", fmt.Errorf("its command failed: %w", err)
	}
	if value = strings.TrimSuffix(strings.TrimSuffix(value, "\n"), "\r"); value == "" {
		return "", errors.New("its command prints an empty first line")
	}
	return value, secret.CheckText(value, "the first line that its command prints")
}

// isTried says whether the policy's password of a user that is there can be
// tried: one that is generated is only made for a new user.
func isTried(p policy.Password) bool {
	return p.Source == policy.Env || p.Source == policy.File || p.Source == policy.Command
}

// outdated returns the users there whose password is another one than the
// policy says. While authentication is on, a login tells. While it is off
// nothing does: all of them count as outdated with UpdatePasswords, and none without.
// unknown are the users whose password nothing told, because passwords are
// untouched.
//
// That of self, the user who asks, is not looked at: it stays in any case. A
// user that was added without a password cannot be given one: that is one of
// the faults. So is a password that cannot be read.
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

// refused returns those of the users that cannot log in with their passwords.
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
	_ = trying.Wait() // each login has a result of its own
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
