package lease

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/clitest"
	"github.com/ectl-io/ectl/internal/exit"
)

func TestIDsAreHexadecimalAndSigned(t *testing.T) {
	for line, want := range map[string]timeToLiveOptions{
		"1234":                    {ID: 0x1234},
		"694d7E4f1a2b3c05":        {ID: 0x694d7e4f1a2b3c05},
		"--keys 7fffffffffffffff": {ID: 1<<63 - 1, Keys: true},
		"-- -1":                   {ID: -1},
	} {
		t.Run(line, func(t *testing.T) {
			run, got := clitest.New(""), timeToLiveOptions{}
			if err := run.Execute(t.Context(), newTimeToLiveCmd(clitest.Completed(run, &got)), strings.Fields(line)...); err != nil {
				t.Errorf("lease timetolive %s: %v", line, err)
			} else if got != want {
				t.Errorf("lease timetolive %s is asked for %+v, want %+v", line, got, want)
			}
		})
	}
}

func TestWrongArgumentsAreRefusedBeforeAnythingIsSent(t *testing.T) {
	run := clitest.New("")
	for name, command := range map[string]func() *cobra.Command{
		"grant":      func() *cobra.Command { return newGrantCmd(run.Factory) },
		"revoke":     func() *cobra.Command { return newRevokeCmd(run.Factory) },
		"timetolive": func() *cobra.Command { return newTimeToLiveCmd(run.Factory) },
		"keep-alive": func() *cobra.Command { return newKeepAliveCmd(run.Factory) },
	} {
		t.Run(name, func(t *testing.T) {
			for _, args := range []string{"", "zz", "1 2", "0x12", "ffffffffffffffffff"} {
				run = clitest.New("")
				err := run.Execute(t.Context(), command(), strings.Fields(args)...)
				if code := exit.CodeOf(err); code != exit.BadArgs {
					t.Errorf("lease %s %s ends with status %d (%v), want %d", name, args, code, err, exit.BadArgs)
				}
			}
		})
	}
}
