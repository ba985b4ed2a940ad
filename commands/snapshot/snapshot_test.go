package snapshot

import (
	"strings"
	"testing"

	"github.com/ectl-io/ectl/commands/clitest"
	"github.com/ectl-io/ectl/internal/exit"
)

func TestSaveTakesOneFile(t *testing.T) {
	for line, want := range map[string]struct {
		code exit.Code
		says string
	}{
		"save":                   {exit.BadArgs, "a file name"},
		"save a b":               {exit.BadArgs, "a file name"},
		"save a --pick nobody":   {exit.BadFeature, "leader, follower or any"},
		"save a -w xml":          {exit.BadFeature, "xml"},
		"save a --cert nothing":  {exit.BadArgs, "--cert"},
		"save a --endpoints=":    {exit.Cancelled, "no available endpoints"},
		"save a --endpoints=a,b": {exit.Cancelled, "snapshot must be requested to one selected node, not multiple [a b]"},
	} {
		t.Run(line, func(t *testing.T) {
			run := clitest.New("")
			err := run.Execute(t.Context(), NewCmd(run.Factory), strings.Fields(line)...)
			if exit.CodeOf(err) != want.code || err == nil || !strings.Contains(err.Error(), want.says) {
				t.Errorf("snapshot %s: status %d, %v, want status %d and %q", line, exit.CodeOf(err), err, want.code, want.says)
			}
		})
	}
	run := clitest.New("")
	if err := run.Execute(t.Context(), NewCmd(run.Factory), "save", ""); exit.CodeOf(err) != exit.Cancelled || !strings.Contains(err.Error(), "the file name is empty") {
		t.Errorf("snapshot save '': status %d, %v, want the reason before anything is dialled", exit.CodeOf(err), err)
	}
	run, got := clitest.New(""), saveOptions{}
	if err := run.Execute(t.Context(), newSaveCmd(clitest.Completed(run, &got)), "a file", "--pick", "follower"); err != nil || got != (saveOptions{"a file", "follower", "follower"}) {
		t.Errorf("is asked to do %+v, %v", got, err)
	}
}
