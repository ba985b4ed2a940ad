package e2e

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// PowerShell itself cannot be had everywhere that the tests run. So the script is parsed
// with a grammar of the language.
func TestTheScriptForPowerShellIsPowerShell(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is not installed")
		}
	}
	for _, program := range []string{"ectl", "etcdctl"} {
		t.Run(program, func(t *testing.T) {
			r := harness.Run(t, harness.Command{Program: harness.EctlFolder() + "/" + program, Args: []string{"completion", "powershell"}, Env: harness.Env(t.TempDir())})
			if r.Status != "0" || r.Stderr != "" {
				t.Fatalf("the completion script: status %s, %s", r.Status, r.Stderr)
			}
			if faults := faultsOfPowerShell(t, r.Stdout); faults != "" {
				t.Errorf("it is not PowerShell:\n%s", faults)
			}
			for _, part := range []string{"Register-ArgumentCompleter -CommandName '" + program + "'", "__complete", "[CompletionResult]"} {
				if !strings.Contains(strings.ReplaceAll(r.Stdout, "System.Management.Automation.", ""), part) {
					t.Errorf("the script has no %q", part)
				}
			}
			// The grammar finds faults at all.
			for name, broken := range map[string]string{
				"a brace is missing":       strings.Replace(r.Stdout, "{", "", 1),
				"a parenthesis is missing": strings.Replace(r.Stdout, ")", "", 1),
				"a bracket too many":       r.Stdout + "]",
				"a here-string is open":    r.Stdout + "$x = @'\n'",
				"a string is open":         strings.Replace(r.Stdout, `"`, "", 1),
				"an operator is unknown":   r.Stdout + "if ($x -equals 1) { 2 }\n",
				"a condition is missing":   r.Stdout + "while { 2 }\n",
			} {
				if faultsOfPowerShell(t, broken) == "" {
					t.Errorf("%s, and no fault is found", name)
				}
			}
		})
	}
}

// faultsOfPowerShell returns the places at which a script is not PowerShell, one a line.
func faultsOfPowerShell(t *testing.T, script string) string {
	t.Helper()
	// Optimising the grammar, as V8 does by default, takes longer than using it.
	cmd := exec.CommandContext(t.Context(), "node", "--liftoff-only", filepath.Join("tools", "powershell", "parse.mjs"), filepath.Join(etcdserver.CacheDir(), "powershell", "node_modules"))
	cmd.Stdin = strings.NewReader(script)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1 || stderr.Len() > 0) {
		t.Fatalf("the parser of PowerShell: %v\n%s\n(make grammar fetches its grammar)", err, stderr.String())
	}
	return string(out)
}
