//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
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

func TestWithoutATerminalItShowsTheTourAndEnds(t *testing.T) {
	cmd, dir := command(t)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("demo: %v\n%s", err, out)
	}
	for _, want := range []string{
		"$ ectl auth bootstrap",
		"Root logged in and can administer\nAll 2 expectations of the policy hold\n",
		"$ ectl --user alice --password-file alice.password put /app/greeting hello\nOK\n",
		"Error: etcdserver: permission denied",
		"(exit status 1)\n",
		"would cover it: write key /config/app\n",
		"alice: all of it, by role app: readwrite prefix /app/\n",
		"What it means:\n  user alice\n      + can write key /config/app\n",
		"Applied: 0 added, 1 changed, 0 removed.",
		"yes\nrole app: readwrite key /config/app\n",
		"review.html: open it in a browser.\n",
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
func onTerminal(t *testing.T, shell string) (*harness.Screen, string) {
	t.Helper()
	cmd, dir := command(t)
	cmd.Env = append(cmd.Env, "SHELL="+shell)
	return harness.StartOnScreen(t, 100, 120, cmd), dir
}

func TestOnATerminalItLeavesTheReaderInAShell(t *testing.T) {
	for _, name := range []string{"bash", "zsh", "fish", "dash"} {
		t.Run(name, func(t *testing.T) {
			shell, err := exec.LookPath(name)
			if err != nil {
				t.Skipf("%s is not installed", name)
			}
			term, dir := onTerminal(t, shell)
			term.MustHave("This is a shell")
			term.MustHaveRow("demo$")
			page := regexp.MustCompile(`The page is (\S+):`).FindStringSubmatch(strings.ReplaceAll(term.String(), "\r\n", "\n"))
			if page == nil {
				t.Fatalf("the page of the review is not named:\n%s", term.Text())
			}
			if text, err := os.ReadFile(page[1]); err != nil || !bytes.Contains(text, []byte("<html")) {
				t.Errorf("the page of the review: %v", err)
			}
			if name != "dash" {
				for _, program := range []string{"ectl", "etcdctl"} {
					term.Type(program + " user get al\t")
					term.Until("the completed user", func() bool {
						return strings.TrimRight(term.Row(), " ") == "demo$ "+program+" user get alice"
					})
					term.Type("\n")
					term.MustHave("Roles: app")
					term.Type("clear\n")
					term.MustHaveRow("demo$")
				}
			}
			// What the demonstration says to try works.
			_, hints, _ := strings.Cut(strings.ReplaceAll(term.String(), "\r\n", "\n"), "Try:\n\n")
			hints, _, _ = strings.Cut(hints, "\n\n")
			tried := 0
			for line := range strings.Lines(hints) {
				line = strings.TrimSpace(line)
				if strings.HasSuffix(line, "<Tab>") || line == "ectl shell" {
					continue
				}
				tried++
				term.Type(fmt.Sprintf("clear; %s && echo tried-%d | tr a-z A-Z\n", line, tried))
				term.MustHave(fmt.Sprintf("TRIED-%d", tried))
			}
			if tried < 3 {
				t.Errorf("the demonstration says to try %d lines", tried)
			}
			term.Type("ectl user list | tr '\\n' +; echo\n")
			term.MustHave("alice+root+")
			term.Type("exit 3\n")
			if end := term.End(); end != "status 0" {
				t.Errorf("%s after the shell ended, want status 0:\n%s", end, term.Text())
			}
			wantNothingLeft(t, dir)
		})
	}
}

func TestCtrlCDuringTheTourLeavesNothing(t *testing.T) {
	term, dir := onTerminal(t, "/bin/bash")
	term.MustShow("$ ectl auth bootstrap", 0)
	term.Type("\x03")
	if end := term.End(); end != "status 130" {
		t.Errorf("%s, want status 130:\n%s", end, term)
	}
	wantNothingLeft(t, dir)
}

func TestSignalsWhileTheShellRunsLeaveNothing(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			term, dir := onTerminal(t, "/bin/bash")
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
