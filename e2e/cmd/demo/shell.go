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
)

// shell hands the terminal to the reader's shell and returns when it ends, or
// when ctx does, which ends the shell.
func (s *session) shell(ctx context.Context) error {
	shell := os.Getenv("SHELL")
	if shell == "" {
		shell = "/bin/sh"
	}
	fmt.Printf(`
This is a shell in which ectl is root of that server. Try:

  ectl user list
  ectl role get app -w yaml
  ETCDCTL_USER=alice ECTL_PASSWORD_FILE=%s ectl get /app/ --prefix

"exit" ends it, stops the server and removes its data.
`, alicePassword)

	// A shell that is ended from outside may leave the terminal in the mode
	// of its line editor.
	if state, err := term.GetState(int(os.Stdin.Fd())); err == nil {
		defer func() { _ = term.Restore(int(os.Stdin.Fd()), state) }()
	}
	cmd := exec.CommandContext(ctx, shell)
	cmd.Dir = s.home
	cmd.Env = slices.Concat(s.environ, []string{
		"ETCDCTL_USER=root",
		"ECTL_PASSWORD_FILE=" + filepath.Join(s.home, rootPassword),
	})
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	// An interactive shell ignores a termination but not a lost terminal, and
	// passes that on to what runs in it.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGHUP) }
	cmd.WaitDelay = 3 * time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	// The status of the shell is that of its last command: not a failure of
	// the demonstration.
	if exited := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exited) {
		return fmt.Errorf("run %s: %w", shell, err)
	}
	return nil
}
