package e2e

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands"
	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/iostreams"
)

// meetsNoServer has the commands that send no request, with the reason. They have
// no trial.
func meetsNoServer() map[string]string {
	return map[string]string{
		"snapshot status": "reads a file",
		"rbac init":       "writes a file",
		"version":         "prints what is built in",
		"options":         "prints what is built in",
		"logout":          "removes a file",
		"run":             "runs other commands, which have trials",
		"each":            "runs other commands, which have trials",
		"context add":     "writes a file",
		"context use":     "writes a file",
		"context list":    "reads a file",
		"context show":    "reads a file",
		"context rename":  "writes a file",
		"context delete":  "writes a file",
		"shell":           "needs a terminal, and runs other commands, which have trials",
		"completion":      "prints what is built in; live completion has trials, as __complete",
	}
}

// Every command that the tree has meets the dishonest server.
func TestEveryCommandHasATrial(t *testing.T) {
	root := commands.NewRoot(cli.NewFactory("ectl", &iostreams.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}))
	tried := map[string]bool{}
	for _, tr := range trials() {
		if strings.HasPrefix(tr.line, cobra.ShellCompRequestCmd+" ") {
			continue // no command of the tree
		}
		cmd, _, err := root.Find(strings.Fields(tr.line))
		if err != nil {
			t.Errorf("%s: %v", tr.line, err)
			continue
		}
		tried[cmd.CommandPath()] = true
	}
	excepted := meetsNoServer()
	for _, leaf := range leaves(root) {
		path := strings.TrimPrefix(leaf.CommandPath(), root.Name()+" ")
		switch _, exception := excepted[path]; {
		case exception && tried[leaf.CommandPath()]:
			t.Errorf("%s has a trial, and is among the commands that meet no server", path)
		case !exception && !tried[leaf.CommandPath()]:
			t.Errorf("%s has no trial: add one to trials, or the reason why it needs none to meetsNoServer", path)
		}
		delete(excepted, path)
	}
	for path := range excepted {
		t.Errorf("meetsNoServer has %s, which is no command", path)
	}
}

// leaves returns the commands below cmd that have no further ones.
func leaves(cmd *cobra.Command) []*cobra.Command {
	below := slices.DeleteFunc(slices.Clone(cmd.Commands()), func(c *cobra.Command) bool { return c.Name() == "help" })
	if len(below) == 0 {
		return []*cobra.Command{cmd}
	}
	var all []*cobra.Command
	for _, c := range below {
		all = append(all, leaves(c)...)
	}
	return all
}
