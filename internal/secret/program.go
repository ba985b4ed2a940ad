package secret

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"

	"github.com/ectl-io/ectl/internal/supervise"
)

// Program is a source of a password: a program that prints it. Line and Helper exclude
// each other.
type Program struct {
	Line   string // for the system's shell; the password is the first line that it prints
	Helper string // a credential helper of Docker's protocol: the part of its name after "docker-credential-"
	Key    string // under which the helper keeps the password

	Environ []string // of the program, without the secrets of this one
	Stderr  io.Writer
}

// Describe names the program for messages.
func (p *Program) Describe() string {
	if p.Helper != "" {
		return helperPrefix + p.Helper
	}
	return "the password command"
}

// helperPrefix begins the names of credential helpers.
const helperPrefix = "docker-credential-"

// maxPrinted is the maximum output of a program, in bytes.
const maxPrinted = 64 << 10

// Password runs the program and returns the password. The program and all that it has
// started end with ctx.
func (p *Program) Password(ctx context.Context) (string, error) {
	var cmd *exec.Cmd
	if p.Helper != "" {
		cmd = exec.Command(helperPrefix+p.Helper, "get") //nolint:noctx // it ends with ctx, see supervise
		cmd.Stdin = strings.NewReader(p.Key)
	} else {
		shell, option := "/bin/sh", "-c"
		if runtime.GOOS == "windows" {
			shell, option = "cmd", "/C"
		}
		cmd = exec.Command(shell, option, p.Line) //nolint:noctx // it ends with ctx, see supervise
	}
	cmd.Env, cmd.Stderr = p.Environ, p.Stderr
	if p.Helper != "" {
		return p.fromHelper(ctx, cmd)
	}
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
	return value, CheckText(value, "the first line that its command prints")
}

// fromHelper runs a credential helper. Its errors are on standard output, without a
// secret.
func (p *Program) fromHelper(ctx context.Context, cmd *exec.Cmd) (string, error) {
	var printed bytes.Buffer
	cmd.Stdout = &limitedBuffer{Buffer: &printed, left: maxPrinted}
	err := supervise.Run(ctx, cmd)
	switch {
	case ctx.Err() != nil:
		return "", err
	case err != nil && printed.Len() > 0 && !strings.ContainsAny(printed.String(), `{"`): // otherwise it may hold the secret
		line, _, _ := strings.Cut(strings.TrimSpace(printed.String()), "\n")
		return "", fmt.Errorf("%s failed: %s", p.Describe(), line)
	case err != nil:
		return "", fmt.Errorf("%s failed: %w", p.Describe(), err)
	}
	var found struct{ Secret string }
	if json.Unmarshal(printed.Bytes(), &found) != nil || found.Secret == "" {
		return "", fmt.Errorf("%s returned no password for %s", p.Describe(), p.Key) // without the output
	}
	return found.Secret, CheckText(found.Secret, "the password of "+p.Describe())
}

// limitedBuffer keeps the beginning of what is written.
type limitedBuffer struct {
	*bytes.Buffer
	left int
}

// Write implements io.Writer.
func (b *limitedBuffer) Write(text []byte) (int, error) {
	kept := text[:min(len(text), b.left)]
	b.left -= len(kept)
	_, _ = b.Buffer.Write(kept) // it never fails
	return len(text), nil
}
