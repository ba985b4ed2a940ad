//go:build linux

package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// asDemo makes the test binary be the demonstration itself.
const asDemo = "ECTL_TEST_AS_DEMO"

func TestMain(m *testing.M) {
	if os.Getenv(asDemo) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// command is the demonstration, which puts all its data under the folder that
// is returned too.
func command(t *testing.T) (*exec.Cmd, string) {
	t.Helper()
	ectl := os.Getenv("ECTL_BIN")
	if ectl == "" {
		ectl = filepath.Join("..", "..", "..", "bin", "ectl")
	}
	if _, err := os.Stat(ectl); err != nil {
		t.Fatalf("ectl is not built (make build): %v", err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), self, "-ectl", ectl)
	cmd.Env = append(os.Environ(), asDemo+"=1", "TMPDIR="+dir, "HOME="+t.TempDir(), "SHELL=/bin/bash", "TERM=xterm",
		// Of some other cluster: the demonstration must not see it.
		"ETCDCTL_ENDPOINTS=127.0.0.1:1", "ETCDCTL_USER=nobody:nothing")
	return cmd, dir
}

// wantNothingLeft fails when a file is in dir or a process has it in its
// command line.
func wantNothingLeft(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range lines {
		line, err := os.ReadFile(file)
		if err == nil && bytes.Contains(line, []byte(dir)) {
			t.Errorf("process still running: %q", line)
		}
	}
}

func TestWithoutATerminalItShowsTheMainJobAndEnds(t *testing.T) {
	cmd, dir := command(t)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("demo: %v\n%s", err, out)
	}
	for _, want := range []string{
		"$ ectl user add root",
		"User root created\n",
		"$ ectl role grant-permission app readwrite /app/ --prefix\nRole app updated\n",
		"Role app is granted to user alice\n",
		"$ ectl auth enable\nAuthentication Enabled\n",
		"$ ectl put /app/greeting hello --user alice --password-file alice.password\nOK\n",
		"Error: etcdserver: permission denied",
		"(exit status 1)\n",
		"User: alice\n",
		"prefix /app/",
	} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	wantNothingLeft(t, dir)
}

func TestReaderWhoGoesAwayLeavesNothing(t *testing.T) {
	cmd, dir := command(t)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = write
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	if _, err := io.ReadFull(read, make([]byte, 20)); err != nil {
		t.Fatal(err)
	}
	read.Close()
	if err := cmd.Wait(); err == nil {
		t.Error("the demonstration did not notice that its output is not read")
	}
	wantNothingLeft(t, dir)
}

// terminal is the demonstration on a pseudo-terminal.
type terminal struct {
	cmd *exec.Cmd
	pty *os.File

	mu     sync.Mutex
	screen strings.Builder
}

func onTerminal(t *testing.T) (*terminal, string) {
	t.Helper()
	cmd, dir := command(t)
	master, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{cmd: cmd, pty: master}
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := master.Read(buffer)
			term.mu.Lock()
			term.screen.Write(buffer[:n])
			term.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		master.Close()
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return term, dir
}

func (s *terminal) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.screen.String()
}

func (s *terminal) await(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if strings.Contains(s.text(), text) {
			return
		}
	}
	t.Fatalf("no %q on the terminal:\n%s", text, s.text())
}

func (s *terminal) write(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(s.pty, text); err != nil {
		t.Fatal(err)
	}
}

// awaitEnd returns the exit status.
func (s *terminal) awaitEnd(t *testing.T) int {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- s.cmd.Wait() }()
	select {
	case err := <-done:
		var exited *exec.ExitError
		if err != nil && !errors.As(err, &exited) {
			t.Fatal(err)
		}
		return s.cmd.ProcessState.ExitCode()
	case <-time.After(5 * time.Minute):
		_ = s.cmd.Process.Kill()
		<-done
		t.Fatalf("it does not end:\n%s", s.text())
		return 0
	}
}

func TestOnATerminalItLeavesTheReaderInAShell(t *testing.T) {
	term, dir := onTerminal(t)
	term.await(t, "This is a shell")
	term.write(t, "ectl user list | tr '\\n' +; echo\n")
	term.await(t, "alice+root+")
	term.write(t, "ETCDCTL_USER=alice ECTL_PASSWORD_FILE=alice.password ectl get /app/ --prefix --print-value-only | tr e E\n")
	term.await(t, "hEllo")
	term.write(t, "exit 3\n")
	if status := term.awaitEnd(t); status != 0 {
		t.Errorf("exit status %d after the shell ended, want 0:\n%s", status, term.text())
	}
	wantNothingLeft(t, dir)
}

func TestCtrlCWhileTheMainJobRunsLeavesNothing(t *testing.T) {
	term, dir := onTerminal(t)
	term.await(t, "$ ectl user add root")
	term.write(t, "\x03")
	if status := term.awaitEnd(t); status != 130 {
		t.Errorf("exit status %d, want 130:\n%s", status, term.text())
	}
	wantNothingLeft(t, dir)
}

func TestSignalsWhileTheShellRunsLeaveNothing(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			term, dir := onTerminal(t)
			term.await(t, "This is a shell")
			// Something that the reader left running goes too.
			term.write(t, "echo start''ed; (exec -a sleep-"+dir+" sleep 600)\n")
			term.await(t, "started")
			if err := term.cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if status := term.awaitEnd(t); status != 130 {
				t.Errorf("exit status %d, want 130:\n%s", status, term.text())
			}
			wantNothingLeft(t, dir)
		})
	}
}
