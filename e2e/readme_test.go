package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// TestREADME types the README, and then the page of features that continues it, as a
// reader does who has Go, git and make, in an empty folder. Nothing is prepared, with two
// exceptions that save minutes. Git clones from this checkout in place of the network.
// And the clone gets the etcd that is already built, and does not run all tests:
// ECTL_SOAK=1 builds etcd again, and compiles and starts the tests.
func TestREADME(t *testing.T) {
	t.Parallel()
	dir, home := t.TempDir(), t.TempDir()
	listen := freeAddress(t)
	environ := newcomersEnvironment(t, home)
	environ = append(environ, "LISTEN="+listen, "ETCDCTL_ENDPOINTS="+listen)

	const marker = "==next=="
	var script strings.Builder
	script.WriteString("exec 2>&1 </dev/null\ntrap 'kill $(jobs -p); wait' EXIT\n")
	type shown struct {
		page string
		typed
	}
	var commands []shown
	for _, name := range []string{"README.md", "docs/features.md"} {
		for _, b := range blocksOf(harness.MustRead(t, harness.ProjectFile(strings.Split(name, "/")...))) {
			switch {
			case b.kind == "sh":
				for line := range strings.Lines(b.text) {
					if line = strings.TrimSpace(line); line != "" {
						script.WriteString(setUp(t, line))
					}
				}
			case b.kind == "console" || b.file != "":
				for _, c := range typedLines([]block{b}) {
					fmt.Fprintf(&script, "echo %s\n%s\n", marker, c.lines)
					commands = append(commands, shown{name, c})
				}
			case b.kind != "text":
				t.Errorf("%s:%d: a block of the kind %q is not typed", name, b.line, b.kind)
			}
		}
	}
	if len(commands) < 25 {
		t.Fatalf("the pages have %d commands: the test no longer finds them", len(commands))
	}
	fmt.Fprintf(&script, "echo %s\ncomplete -p ectl etcdctl\n", marker)

	shell := exec.CommandContext(context.WithoutCancel(t.Context()), "bash", "--noprofile", "--norc", "-c", script.String())
	shell.Dir, shell.Env = dir, environ
	out, err := shell.Output()
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	got := strings.Split(strings.ReplaceAll(string(out), listen, "127.0.0.1:2379"), marker+"\n")
	if !strings.Contains(got[0], "All 2 expectations of the policy hold\n") {
		t.Errorf("make demo does not show its work:\n%s", got[0])
	}
	if last := got[len(got)-1]; strings.Count(last, "complete ") != 2 {
		t.Errorf("bash does not complete both names:\n%s", last)
	}
	if *updatePages {
		next := 1
		for _, name := range []string{"README.md", "docs/features.md"} {
			var of []typed
			for _, c := range commands {
				if c.page == name {
					of = append(of, c.typed)
				}
			}
			path := harness.ProjectFile(strings.Split(name, "/")...)
			page{}.update(t, path, harness.MustRead(t, path), of, got[next:next+len(of)])
			next += len(of)
		}
		return
	}
	for i, c := range commands {
		if diff := cmp.Diff(comparableOutput(c.output), comparableOutput(got[i+1])); diff != "" {
			t.Errorf("%s:%d: $ %s (-page +real):\n%s", c.page, c.line, c.lines, diff)
		}
	}
}

// setUp returns what the shell of TestREADME runs for a line of a block of the kind sh.
// The line must succeed.
func setUp(t *testing.T, line string) string {
	t.Helper()
	whole := os.Getenv("ECTL_SOAK") != ""
	command, _, _ := strings.Cut(line, "#")
	command = strings.TrimSpace(command)
	must := func(command string) string {
		return fmt.Sprintf("%s\ntest $? = 0 || { echo 'failed: %s'; exit 1; }\n", command, strings.ReplaceAll(command, "'", ""))
	}
	switch {
	case command == "make etcd": // in another terminal
		return "make etcd &\nuntil bin/ectl endpoint health >/dev/null 2>&1; do jobs %1 >/dev/null || exit 1; done\n"
	case command == "make test" && whole:
		return must("make test TESTFLAGS=-run=NoTestHasThisName")
	case command == "make test":
		return must("make --dry-run test")
	case command == "cd ectl" && !whole:
		etcd, err := filepath.Abs(filepath.Join(etcdserver.CacheDir(), "etcd-"+etcdserver.Latest))
		if err != nil {
			t.Fatal(err)
		}
		// It is built again if it is older than its go.mod, which git has just written.
		return must(command) + must(fmt.Sprintf("mkdir .cache && ln -s '%s' .cache/ && touch -d 2020-01-01 e2e/tools/*/go.*", etcd))
	}
	return must(line)
}

// newcomersEnvironment is the environment of a reader who has only Go, git and make. Git
// fetches the project from this checkout. Go has its caches.
func newcomersEnvironment(t *testing.T, home string) []string {
	t.Helper()
	root, err := filepath.Abs(harness.ProjectFile())
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("[url \"file://%s\"]\n\tinsteadOf = https://github.com/ectl-io/ectl\n[safe]\n\tdirectory = *\n", root)
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LC_ALL=C.UTF-8", "TERM=dumb"}
	for _, variable := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GOFLAGS", "GOTOOLCHAIN"} {
		value, err := exec.CommandContext(t.Context(), "go", "env", variable).Output()
		if err != nil {
			t.Fatalf("go env %s: %v", variable, err)
		}
		environ = append(environ, variable+"="+strings.TrimSpace(string(value)))
	}
	return environ
}

// freeAddress returns an address on loopback that no process listens on. Its port is below
// those that Linux chooses by itself, so no other test gets it before it is used.
func freeAddress(t *testing.T) string {
	t.Helper()
	for {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000))
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
		if err != nil {
			continue
		}
		listener.Close()
		return address
	}
}

// TestNumbersOfTheREADMEAreMeasured compares the table of the README with the page that
// says how it was measured.
func TestNumbersOfTheREADMEAreMeasured(t *testing.T) {
	t.Parallel()
	table := regexp.MustCompile(`(?m)^\| .*[0-9].* \|$`)
	rows := table.FindAllString(harness.MustRead(t, harness.ProjectFile("README.md")), -1)
	if len(rows) < 3 {
		t.Fatalf("the README compares %d numbers: the test no longer finds them", len(rows))
	}
	measured := harness.MustRead(t, harness.ProjectFile("docs", "performance.md"))
	for _, row := range rows {
		if !strings.Contains(measured, row+"\n") {
			t.Errorf("docs/performance.md does not have the row of the README: %s", row)
		}
	}
}

// TestCIRunsTheTestsOfTheREADME holds .ci/run to the command that the README names.
func TestCIRunsTheTestsOfTheREADME(t *testing.T) {
	t.Parallel()
	if !strings.Contains(harness.MustRead(t, harness.ProjectFile("README.md")), "\nmake test ") {
		t.Error("the README does not name the command that runs the tests")
	}
	if !regexp.MustCompile(`(?m)^make .*\btest\b`).MatchString(harness.MustRead(t, harness.ProjectFile(".ci", "run"))) {
		t.Error(".ci/run does not run make test")
	}
}
