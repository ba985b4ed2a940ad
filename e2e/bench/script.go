package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// scriptCommands is the number of commands of the script.
const scriptCommands = 1000

// The largest wanted ratios to single calls of etcdctl with a password: of a script, and
// of single commands after a login.
const (
	scriptTarget = 0.05
	loginTarget  = 0.3
)

// scripting measures a script that creates users and roles, with authentication on,
// beside the same commands by single calls of etcdctl. A sample of the calls is measured
// and scaled. Each measurement has a server of its own.
func (b *bench) scripting(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "ectl-bench-script-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	lines := provisioning(scriptCommands)
	file, err := writeLines(dir, "script", lines, "\n")
	if err != nil {
		return err
	}
	var runs, calls []usage
	for i := range b.runs {
		say("script of %d commands, run %d", len(lines), i+1)
		if err := b.onFreshServer(ctx, func(m measurer, _ *etcdserver.Server) error {
			u, err := m.run(ctx, []string{b.ectl, "run", file})
			runs = append(runs, u)
			return err
		}); err != nil {
			return err
		}
		if err := b.onFreshServer(ctx, func(m measurer, _ *etcdserver.Server) error {
			var took usage
			for _, line := range lines[:sampledCalls] {
				u, err := m.run(ctx, append([]string{b.etcdctl}, strings.Fields(line)...))
				if err != nil {
					return err
				}
				took.wall += u.wall * scriptCommands / sampledCalls
				took.cpu += u.cpu * scriptCommands / sampledCalls
			}
			calls = append(calls, took)
			return nil
		}); err != nil {
			return err
		}
	}
	if err := b.loggedIn(ctx); err != nil {
		return err
	}
	task := fmt.Sprintf("run of %d commands", len(lines))
	for _, measure := range []struct {
		what   string
		of     func(usage) time.Duration
		target float64
	}{{"wall", func(u usage) time.Duration { return u.wall }, scriptTarget}, {"CPU", func(u usage) time.Duration { return u.cpu }, 0}} {
		ours, theirs := median(runs, measure.of), median(calls, measure.of)
		b.report.compare(task, fmt.Sprintf("%s (etcdctl calls, %d scaled)", measure.what, sampledCalls), round(ours), round(theirs), ratio(ours, theirs), measure.target)
	}
	return nil
}

// loggedIn measures a small command with the login that "login" has kept, beside etcdctl's
// with a password.
func (b *bench) loggedIn(ctx context.Context) error {
	server, m, err := b.start(ctx, etcdserver.Options{RootPassword: applyRoot, Flags: []string{"--bcrypt-cost", "10"}})
	if err != nil {
		return err
	}
	defer server.Stop()
	if _, err := m.run(ctx, []string{b.ectl, "login", "--user", "root:" + applyRoot}); err != nil {
		return err
	}
	ours, theirs, err := b.beside(ctx, m, b.starts, []string{"get", "k"}, []string{"get", "k", "--user", "root:" + applyRoot})
	if err != nil {
		return err
	}
	b.report.compare("get of a key after login", "wall (etcdctl --user)", round(ours.wall), round(theirs.wall), ratio(ours.wall, theirs.wall), loginTarget)
	return nil
}

// provisioning returns count commands that create users and roles with their grants.
func provisioning(count int) []string {
	var lines []string
	for i := range count / 4 {
		lines = append(lines,
			fmt.Sprintf("role add role%d", i),
			fmt.Sprintf("role grant-permission role%d readwrite /app%d/ --prefix", i, i),
			fmt.Sprintf("user add user%d --no-password", i),
			fmt.Sprintf("user grant-role user%d role%d", i, i))
	}
	return lines
}

// writeLines writes lines with their ending into a file of dir, and returns its path.
func writeLines(dir, name string, lines []string, ending string) (string, error) {
	file := filepath.Join(dir, name)
	return file, os.WriteFile(file, []byte(strings.Join(lines, ending)+ending), 0o600)
}
