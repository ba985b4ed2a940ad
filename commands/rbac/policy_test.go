package rbac

import (
	"slices"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/commands/clitest"
	"github.com/ectl-io/ectl/internal/exit"
)

func TestPlanAndApplyTakeTheirOptions(t *testing.T) {
	run, planned := clitest.New(""), planOptions{}
	if err := run.Execute(t.Context(), newPlanCmd(clitest.Completed(run, &planned)), "-f", "a,b.yaml", "--file", "c", "--prune", "--exit-code", "--no-new-access"); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(planned.Files.Paths, []string{"a,b.yaml", "c"}) || !planned.Prune || !planned.ExitCode || !planned.NoNewAccess || planned.UpdatePasswords {
		t.Errorf("plan is asked for %+v", planned)
	}
	run, applied := clitest.New(""), applyOptions{}
	if err := run.Execute(t.Context(), newApplyCmd(clitest.Completed(run, &applied)), "-f", "-", "--yes", "--update-passwords"); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(applied.Files.Paths, []string{"-"}) || applied.Prune || !applied.Yes || !applied.UpdatePasswords {
		t.Errorf("apply is asked for %+v", applied)
	}
	for line, want := range map[string]exit.Code{
		"plan": exit.BadArgs, "plan -f x y": exit.BadArgs, "apply --yes": exit.BadArgs, "apply -f x": exit.BadArgs, "test": exit.BadArgs, "export x": exit.BadArgs,
		"plan -f x -w html": exit.BadFeature, "apply -f x --yes -w html": exit.BadFeature, "export -w html": exit.BadFeature,
	} {
		t.Run(line, func(t *testing.T) {
			run := clitest.New("")
			if err := run.Execute(t.Context(), NewCmd(run.Factory), strings.Fields(line)...); exit.CodeOf(err) != want {
				t.Errorf("it ends with %v, want the status %d", err, want)
			}
		})
	}
}
