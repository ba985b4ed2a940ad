package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/ectl-io/ectl/e2e/tour"
)

// shell hands the terminal to the reader's shell and returns when it ends, or
// when ctx does, which ends the shell.
func shell(ctx context.Context, s *tour.Session) error {
	cmd, err := readersShell(ctx, s)
	if err != nil {
		return err
	}
	fmt.Print(`
This is a shell in which ectl is root of that server. Tab completes. Try:

  ectl rbac who-can read <Tab>
  ectl rbac lint
  ectl --as alice --password-file alice.password whoami
  ectl user offboard alice --dry-run
  ectl shell

"exit" ends it, stops the server and removes its data.
`)

	// A shell that is ended from outside may leave the terminal in the mode
	// of its line editor.
	if state, err := term.GetState(int(os.Stdin.Fd())); err == nil {
		defer func() { _ = term.Restore(int(os.Stdin.Fd()), state) }()
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	// An interactive shell ignores a termination but not a lost terminal, and
	// passes that on to its children.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGHUP) }
	cmd.WaitDelay = 3 * time.Second
	err = cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	// The status of the shell is that of its last command, and no failure of the
	// demonstration.
	if exited := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exited) {
		return fmt.Errorf("run %s: %w", cmd.Path, err)
	}
	return nil
}

// readersShell returns the command of the reader's shell, with completion and a short
// prompt. The reader's own start-up files are not read: they could change both, or the
// PATH. A shell without completion gets only the prompt.
func readersShell(ctx context.Context, s *tour.Session) (*exec.Cmd, error) {
	path := os.Getenv("SHELL")
	if path == "" {
		path = "/bin/sh"
	}
	name := filepath.Base(path)
	var args, environ []string
	file := ""
	switch name {
	case "bash":
		file = filepath.Join(s.Home, ".bashrc")
		args = []string{"--rcfile", file, "-i"}
	case "zsh":
		file = filepath.Join(s.Home, ".zshrc")
		args, environ = []string{"--no-globalrcs", "-i"}, []string{"ZDOTDIR=" + s.Home}
	case "fish":
		args = []string{"--no-config", "--interactive", "--init-command", startUp(name)}
	default:
		environ = []string{"PS1=" + prompt}
	}
	if file != "" {
		if err := os.WriteFile(file, []byte(startUp(name)), 0o600); err != nil {
			return nil, err
		}
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = s.Home
	cmd.Env = slices.Concat(s.Environ, environ)
	return cmd, nil
}

// prompt is the prompt of every shell.
const prompt = "demo$ "

// startUp returns the commands that a shell runs at its start.
func startUp(shell string) string {
	switch shell {
	case "bash":
		return `PS1='` + prompt + `'
unset HISTFILE
[ -r /usr/share/bash-completion/bash_completion ] && . /usr/share/bash-completion/bash_completion
eval "$(ectl completion bash)"
eval "$(etcdctl completion bash)"
`
	case "zsh":
		return `PROMPT='` + prompt + `'
autoload -U compinit && compinit -D -u
source <(ectl completion zsh)
source <(etcdctl completion zsh)
`
	case "fish":
		return `function fish_prompt; echo -n '` + prompt + `'; end
function fish_greeting; end
ectl completion fish | source
etcdctl completion fish | source
`
	}
	return ""
}
