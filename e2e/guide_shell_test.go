package e2e

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// A transcript of a shell has prompts and questions, with what the reader types after them.
var (
	promptOfAShell = regexp.MustCompile(`^(?:\w+@)?[0-9.]+:\d+!?(?: \[\d+\])?>(?: (.*))?$`)
	questionOf     = regexp.MustCompile(`^(.* \(y/N\):) (.*)$`)
	clusterID      = regexp.MustCompile(`Cluster [0-9a-f]+,`)
)

// TestGuideOnTheShell types the console blocks of the page, and then its terminal blocks,
// which are one session on a screen. The screen must show what the page shows.
func TestGuideOnTheShell(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir()})
	p := page{file: "docs/guide/shell.md", dir: t.TempDir(), environ: readersEnvironment(t, t.TempDir())}
	endpoint := strings.TrimPrefix(server.Endpoint(), "http://")
	p.environ = append(p.environ, "ETCDCTL_ENDPOINTS="+endpoint)
	p.run(t, 3)

	var want string
	for _, b := range blocksOf(harness.MustRead(t, harness.ProjectFile("docs", "guide", "shell.md"))) {
		if b.kind == "terminal" {
			want += b.text
		}
	}
	start, session, _ := strings.Cut(want, "\n")
	args := strings.Fields(strings.TrimPrefix(start, "$ ectl "))
	if !strings.HasSuffix(start, " shell") || !strings.HasSuffix(session, "> exit\n") {
		t.Fatalf("the session of the page does not begin with a shell and end with exit:\n%s", want)
	}
	cmd := exec.CommandContext(t.Context(), harness.Ectl(), args...)
	cmd.Dir, cmd.Env = p.dir, slices.Concat(p.environ, []string{"TERM=xterm-256color"})
	screen := harness.StartOnScreen(t, 200, 140, cmd)
	atPrompt := func() bool { return promptOfAShell.MatchString(screen.Row()) }
	screen.Until("a prompt", atPrompt)
	previous := ""
	for line := range strings.Lines(session) {
		line = strings.TrimRight(line, "\n")
		if command := promptOfAShell.FindStringSubmatch(line); command != nil {
			screen.Until("a prompt", atPrompt)
			if previous != `\undo` { // which writes the line itself
				screen.Type(command[1])
			}
			previous = command[1]
			screen.Until("the line "+command[1], func() bool { return strings.HasSuffix(screen.Row(), "> "+command[1]) })
			row := len(strings.Split(screen.Text(), "\n"))
			screen.Type("\r")
			screen.Until("what follows "+command[1], func() bool {
				return command[1] == "exit" || len(strings.Split(screen.Text(), "\n")) > row-1 && !strings.HasSuffix(screen.Row(), "> "+command[1])
			})
		} else if question := questionOf.FindStringSubmatch(line); question != nil {
			screen.MustHave(question[1])
			screen.Type(question[2] + "\r")
		}
	}
	if end := screen.End(); end != "status 0" {
		t.Errorf("the shell ends with %s", end)
	}
	got := strings.ReplaceAll(screen.Text()+"\n", endpoint, "127.0.0.1:2379")
	if diff := cmp.Diff(clusterID.ReplaceAllString(session, "Cluster ID,"), clusterID.ReplaceAllString(got, "Cluster ID,")); diff != "" {
		t.Errorf("docs/guide/shell.md (-page +screen):\n%s\n%s", diff, got)
	}
}
