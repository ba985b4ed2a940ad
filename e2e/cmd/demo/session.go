package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// session runs ectl in a folder of its own, against one server.
type session struct {
	program string   // the ectl that is shown
	bin     string   // folder for the PATH, in which ectl is that program
	home    string   // working directory, with a password file for each user
	environ []string // of every command
}

const (
	rootPassword  = "root.password"
	alicePassword = "alice.password"
)

// newSession prepares a folder under dir with a password for each user of the
// demonstration, and an environment that points at endpoint.
func newSession(program, dir, endpoint string) (*session, error) {
	s := &session{program: program, bin: filepath.Join(dir, "bin"), home: filepath.Join(dir, "home")}
	for _, d := range []string{s.bin, s.home} {
		if err := os.Mkdir(d, 0o700); err != nil {
			return nil, err
		}
	}
	if err := os.Symlink(program, filepath.Join(s.bin, "ectl")); err != nil {
		return nil, err
	}
	for _, name := range []string{rootPassword, alicePassword} {
		if err := os.WriteFile(filepath.Join(s.home, name), []byte(rand.Text()+"\n"), 0o600); err != nil {
			return nil, err
		}
	}
	// What the reader's own environment says of another cluster does not
	// belong here.
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "ETCDCTL_") && !strings.HasPrefix(variable, "ECTL_") {
			s.environ = append(s.environ, variable)
		}
	}
	s.environ = append(s.environ,
		"PATH="+s.bin+string(os.PathListSeparator)+os.Getenv("PATH"),
		"ETCDCTL_ENDPOINTS="+endpoint)
	return s, nil
}

// step is one command line of the demonstration.
type step struct {
	says   string // what the reader is about to see
	line   string // without quoting: its words are separated by spaces
	denied bool   // the server is expected to refuse
}

// mainJob sets up users and roles, turns authentication on, and shows what they
// may do. It fails when a command does not do what the reader is told.
func (s *session) mainJob(ctx context.Context) error {
	const (
		asAlice = " --user alice --password-file " + alicePassword
		asRoot  = " --user root --password-file " + rootPassword
	)
	for _, step := range []step{
		{says: "An administrator. The password comes from a file: it never stands in a command line.",
			line: "ectl user add root --new-user-password-file " + rootPassword},
		{says: "A role that may read and write every key under /app/.",
			line: "ectl role add app"},
		{line: "ectl role grant-permission app readwrite /app/ --prefix"},
		{says: "A user with that role.",
			line: "ectl user add alice --new-user-password-file " + alicePassword},
		{line: "ectl user grant-role alice app"},
		{says: "From now on every request needs a user.",
			line: "ectl auth enable --check" + asRoot},
		{says: "Alice may write under /app/ ...",
			line: "ectl put /app/greeting hello" + asAlice},
		{says: "... and may not read anything else.",
			line: "ectl get /secret" + asAlice, denied: true},
		{says: "What alice may do, and why.",
			line: "ectl user get alice --detail" + asRoot},
		{line: "ectl role get app -w table" + asRoot},
	} {
		if err := s.show(ctx, step); err != nil {
			return err
		}
	}
	return nil
}

// show prints the step's command line and runs it.
func (s *session) show(ctx context.Context, step step) error {
	fmt.Println()
	if step.says != "" {
		fmt.Println("# " + step.says)
	}
	fmt.Println("$ " + step.line)

	words := strings.Fields(step.line)
	cmd := exec.CommandContext(ctx, s.program, words[1:]...)
	cmd.Args[0] = words[0]
	cmd.Dir = s.home
	cmd.Env = s.environ
	// Both streams go where the reader looks, in the order they were written.
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
	err := cmd.Run()

	if ctx.Err() != nil {
		return ctx.Err()
	}
	var exited *exec.ExitError
	switch {
	case step.denied && err == nil:
		return fmt.Errorf("%q was allowed", step.line)
	case step.denied && errors.As(err, &exited):
		fmt.Printf("(exit status %d)\n", exited.ExitCode())
		return nil
	case err != nil:
		return fmt.Errorf("%q: %w", step.line, err)
	}
	return nil
}
