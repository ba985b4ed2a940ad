package e2e

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ectl-io/ectl/e2e/etcdserver"
)

// TestREADME runs the console blocks of the README, in order, on a fresh etcd,
// and compares what they print. Standard error counts as output, as on a
// terminal. Settings of one block hold for the next.
func TestREADME(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	server, err := etcdserver.Start(t.Context(), etcdserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()

	dir := t.TempDir()
	for _, name := range []string{"root", "alice", "carol"} {
		if err := os.WriteFile(filepath.Join(dir, name+".password"), []byte(name+"'s secret\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	commands, want := consoleBlocks(string(text))
	if len(commands) < 10 {
		t.Fatalf("the README has %d commands in console blocks: the test no longer finds them", len(commands))
	}
	// One shell for all: the marker tells where the next command's output starts.
	const marker = "==next=="
	script := "exec 2>&1\n"
	for _, command := range commands {
		script += command + "\necho " + marker + "\n"
	}
	shell := exec.CommandContext(context.WithoutCancel(t.Context()), "sh", "-c", script)
	shell.Dir = dir
	shell.Env = append(os.Environ(), "PATH="+installed.ours+string(os.PathListSeparator)+os.Getenv("PATH"),
		"ETCDCTL_ENDPOINTS="+server.Endpoints()[0])
	out, err := shell.Output()
	if err != nil {
		t.Fatalf("the README's commands: %v", err)
	}
	got := bytes.Split(out, []byte(marker+"\n"))
	for i, command := range commands {
		if diff := cmp.Diff(want[i], string(got[i])); diff != "" {
			t.Errorf("$ %s (-README +real):\n%s", command, diff)
		}
	}
}

// consoleBlocks returns the commands of the console blocks of a Markdown text,
// and what follows each.
func consoleBlocks(text string) (commands, output []string) {
	inside := false
	for line := range strings.Lines(text) {
		switch {
		case line == "```console\n":
			inside = true
		case line == "```\n":
			inside = false
		case inside && strings.HasPrefix(line, "$ "):
			commands = append(commands, strings.TrimSpace(line[2:]))
			output = append(output, "")
		case inside && len(output) > 0:
			output[len(output)-1] += line
		}
	}
	return commands, output
}
