package auth

import (
	"strings"
	"testing"

	"github.com/ectl-io/ectl/commands/clitest"
	"github.com/ectl-io/ectl/internal/exit"
)

func TestWrongCommandLinesAreRefusedBeforeAnythingElse(t *testing.T) {
	for line, want := range map[string]exit.Code{
		"enable root":            exit.BadArgs,
		"disable now":            exit.BadArgs,
		"status --all":           exit.Error,
		"status x":               exit.BadArgs,
		"enable -w xml":          exit.BadFeature,
		"disable -w JSON":        exit.BadFeature,
		"status -w ndjson,":      exit.BadFeature,
		"enable --chek":          exit.Error,
		"bootstrap --user root:": exit.BadArgs,
		"bootstrap x":            exit.BadArgs,
		"bootstrap --no-password --generate-password":              exit.BadArgs,
		"bootstrap --no-password --cert x":                         exit.BadArgs,
		"bootstrap --no-password":                                  exit.BadArgs,
		"bootstrap --new-user-password-file f --generate-password": exit.BadArgs,
		"bootstrap --new-user-password-out f":                      exit.BadArgs,
		"bootstrap --new-user-password-file no-such-file":          exit.BadArgs,
		"bootstrap --generate-password -w protobuf":                exit.BadFeature,
		"bootstrap --generate-password -f policy.yaml":             exit.BadArgs,
		"bootstrap --generate-password -f no-such-file --yes":      exit.IO,
	} {
		// Nothing listens at port 1: what is refused only later ends otherwise.
		t.Run(line, func(t *testing.T) {
			run := clitest.New("", "ETCDCTL_ENDPOINTS=127.0.0.1:1", "ETCDCTL_COMMAND_TIMEOUT=1ms")
			err := run.Execute(t.Context(), NewCmd(run.Factory), strings.Fields(line)...)
			if exit.CodeOf(err) != want || err == nil || strings.Contains(err.Error(), "deadline") {
				t.Errorf("it fails with %v and status %d, want status %d", err, exit.CodeOf(err), want)
			}
			if run.Out.Len() > 0 {
				t.Errorf("it was refused and printed %q", &run.Out)
			}
		})
	}
}
