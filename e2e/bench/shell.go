package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// The largest wanted ratios of the shell: of typed lines to the same lines as a script, and
// of the time until the prompt to a small command.
const (
	typedTarget  = 1.3
	promptTarget = 1.5
)

// typing measures the shell in a terminal: its start, and the commands of the script, typed
// by a program.
func (b *bench) typing(ctx context.Context) error {
	if err := b.prompting(ctx); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	dir, err := os.MkdirTemp("", "ectl-bench-shell-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	lines := provisioning(scriptCommands)
	script, err := writeLines(dir, "script", lines, "\n")
	if err != nil {
		return err
	}
	typed, err := writeLines(dir, "typed", append(lines, "exit"), "\r")
	if err != nil {
		return err
	}
	var shells, runs []usage
	for i := range b.runs {
		say("%d lines typed in the shell, run %d", len(lines), i+1)
		for _, way := range []struct {
			to    *[]usage
			argv  []string
			typed string
		}{
			{&shells, []string{b.ectl, "shell"}, typed},
			{&runs, []string{b.ectl, "run", script}, ""},
		} {
			if err := b.onFreshServer(ctx, func(m measurer, server *etcdserver.Server) error {
				m.terminal, m.typed = true, way.typed
				u, err := m.run(ctx, way.argv)
				*way.to = append(*way.to, u)
				return errors.Join(err, isProvisioned(ctx, server))
			}); err != nil {
				return err
			}
		}
	}
	task := fmt.Sprintf("%d lines typed in the shell", len(lines))
	wall, cpu := func(u usage) time.Duration { return u.wall }, func(u usage) time.Duration { return u.cpu }
	shell, run := median(shells, wall), median(runs, wall)
	b.report.compare(task, "wall (run)", round(shell), round(run), ratio(shell, run), typedTarget)
	shell, run = median(shells, cpu), median(runs, cpu)
	b.report.compare(task, "CPU (run)", round(shell), round(run), ratio(shell, run), 0)
	return nil
}

// isProvisioned returns an error if the server does not have what the script creates. The
// shell reports errors of commands only on the terminal.
func isProvisioned(ctx context.Context, server *etcdserver.Server) error {
	client, err := server.Client("root", applyRoot)
	if err != nil {
		return err
	}
	defer client.Close()
	users, err := client.UserList(ctx)
	if err != nil {
		return err
	}
	last := fmt.Sprintf("user%d", scriptCommands/4-1)
	user, err := client.UserGet(ctx, last)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", last, err)
	case len(users.Users) != scriptCommands/4+1 || len(user.Roles) != 1:
		return fmt.Errorf("the server has %d users, and %s has %d roles", len(users.Users), last, len(user.Roles))
	}
	return nil
}

// prompting measures the time until the prompt of the shell stands, beside a small command
// in the same terminal. Both use the token of a login.
func (b *bench) prompting(ctx context.Context) error {
	server, m, err := b.start(ctx, etcdserver.Options{RootPassword: applyRoot})
	if err != nil {
		return err
	}
	defer server.Stop()
	if _, err := m.run(ctx, []string{b.ectl, "login", "--user", "root:" + applyRoot}); err != nil {
		return err
	}
	say("start of the shell")
	_, address, _ := strings.Cut(server.Endpoint(), "://")
	m.terminal = true
	medians, err := m.alternate(ctx, b.starts,
		candidate{name: "shell", argv: []string{b.ectl, "shell"}, until: "root@" + address + "> "},
		candidate{name: "user list", argv: []string{b.ectl, "user", "list"}})
	if err != nil {
		return err
	}
	shell, list := medians["shell"], medians["user list"]
	b.report.compare("shell until its prompt", "wall (user list)", round(shell.wall), round(list.wall), ratio(shell.wall, list.wall), promptTarget)
	return nil
}
