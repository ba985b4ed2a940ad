// Package tour holds the command lines that show what ectl adds to etcdctl. They run on a
// throwaway etcd, in a folder of their own. cmd/demo shows all of them, and cmd/recording
// draws some of them for the README.
package tour

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// Session is a folder and an environment in which ectl is on the PATH and uses a
// throwaway server.
type Session struct {
	Server  *etcdserver.Server
	Home    string   // working directory of every command
	Environ []string // of every command

	dir string // contains everything
}

// Start starts a server and prepares a folder with the policy. Ctx ends the server, and
// Close removes what is left.
func Start(ctx context.Context, ectl string) (_ *Session, err error) {
	program, err := filepath.Abs(ectl)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("ectl is not built: %w", err)
	}
	s := &Session{}
	if s.dir, err = os.MkdirTemp("", "ectl-demo-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	bin := filepath.Join(s.dir, "bin")
	s.Home = filepath.Join(s.dir, "home")
	runtime := filepath.Join(s.dir, "run")
	for _, folder := range []string{bin, s.Home, runtime} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"ectl", "etcdctl"} {
		if err := os.Symlink(program, filepath.Join(bin, name)); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(filepath.Join(s.Home, "policy.yaml"), []byte(policy), 0o600); err != nil {
		return nil, err
	}
	if s.Server, err = etcdserver.Start(ctx, etcdserver.Options{Dir: s.dir}); err != nil {
		return nil, err
	}
	s.Environ = append(withoutSettings(os.Environ()),
		"PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"),
		"ETCDCTL_ENDPOINTS="+s.Server.Endpoint(),
		// Contexts, logins and histories of the user belong to other clusters.
		"XDG_CONFIG_HOME="+filepath.Join(s.dir, "config"),
		"XDG_STATE_HOME="+filepath.Join(s.dir, "state"),
		"XDG_CACHE_HOME="+filepath.Join(s.dir, "cache"),
		"XDG_RUNTIME_DIR="+runtime) // of fish
	return s, nil
}

// withoutSettings removes the settings of other clusters from an environment.
func withoutSettings(environ []string) []string {
	return slices.DeleteFunc(environ, func(variable string) bool {
		return strings.HasPrefix(variable, "ETCDCTL_") || strings.HasPrefix(variable, "ECTL_")
	})
}

// Close stops the server and removes the folder.
func (s *Session) Close() error {
	if s.Server != nil {
		s.Server.Stop()
	}
	return os.RemoveAll(s.dir)
}

// Command returns the command of a step. Its caller sets the streams.
func (s *Session) Command(ctx context.Context, step Step) *exec.Cmd {
	line := step.Line
	if strings.HasPrefix(line, "ectl ") {
		line = "exec " + line // ctx ends ectl itself, and not only a shell
	}
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", line)
	cmd.Dir = s.Home
	cmd.Env = s.Environ
	return cmd
}

// Done must be called with the result of the command of a step. It returns an error if
// the command did something else than the tour says.
func (s *Session) Done(step Step, result error) error {
	status := 0
	if exited := (*exec.ExitError)(nil); errors.As(result, &exited) {
		status = exited.ExitCode()
	} else if result != nil {
		return fmt.Errorf("%q: %w", step.Line, result)
	}
	if status != step.Status {
		return fmt.Errorf("%q: status %d, want %d", step.Line, status, step.Status)
	}
	// Each line has a shell of its own, so an assignment must be repeated for the next.
	if assignments, isExport := strings.CutPrefix(step.Line, "export "); isExport {
		s.Environ = append(s.Environ, strings.Fields(assignments)...)
	}
	return nil
}
