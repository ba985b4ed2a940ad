//go:build linux

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
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
		"$ ectl auth enable --check --user root --password-file root.password\nAuthentication Enabled\n",
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

// onTerminal starts the demonstration on a terminal. It also returns the folder of
// command.
func onTerminal(t *testing.T) (*harness.Terminal, string) {
	t.Helper()
	cmd, dir := command(t)
	term := harness.NewTerminal(t, 50, 200)
	term.Start(cmd)
	return term, dir
}

func TestOnATerminalItLeavesTheReaderInAShell(t *testing.T) {
	term, dir := onTerminal(t)
	term.MustShow("This is a shell", 0)
	term.Type("ectl user list | tr '\\n' +; echo\n")
	term.MustShow("alice+root+", 0)
	term.Type("ETCDCTL_USER=alice ECTL_PASSWORD_FILE=alice.password ectl get /app/ --prefix --print-value-only | tr e E\n")
	term.MustShow("hEllo", 0)
	term.Type("exit 3\n")
	if end := term.End(); end != "status 0" {
		t.Errorf("%s after the shell ended, want status 0:\n%s", end, term)
	}
	wantNothingLeft(t, dir)
}

func TestCtrlCWhileTheMainJobRunsLeavesNothing(t *testing.T) {
	term, dir := onTerminal(t)
	term.MustShow("$ ectl user add root", 0)
	term.Type("\x03")
	if end := term.End(); end != "status 130" {
		t.Errorf("%s, want status 130:\n%s", end, term)
	}
	wantNothingLeft(t, dir)
}

func TestSignalsWhileTheShellRunsLeaveNothing(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			term, dir := onTerminal(t)
			term.MustShow("This is a shell", 0)
			// Something that the reader left running goes too.
			term.Type("echo start''ed; (exec -a sleep-" + dir + " sleep 600)\n")
			term.MustShow("started", 0)
			term.Signal(signal)
			if end := term.End(); end != "status 130" {
				t.Errorf("%s, want status 130:\n%s", end, term)
			}
			wantNothingLeft(t, dir)
		})
	}
}
