package e2e

import (
	"strings"
	"testing"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"

	"github.com/ectl-io/ectl/e2e/harness"
)

// PowerShell is not on every machine that runs the tests, and its parser is a part of it.
// So the script is only split into the tokens of the language, and what opens must close:
// braces, brackets, strings and comments. The name of the program must be that of the call.
func TestTheScriptForPowerShellIsWellFormed(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"ectl", "etcdctl"} {
		t.Run(program, func(t *testing.T) {
			r := harness.Run(t, harness.Command{Program: harness.EctlFolder() + "/" + program, Args: []string{"completion", "powershell"}, Env: harness.Env(t.TempDir())})
			if r.Status != "0" || r.Stderr != "" {
				t.Fatalf("the completion script: status %s, %s", r.Status, r.Stderr)
			}
			if wrong := faultOfPowerShell(t, r.Stdout); wrong != "" {
				t.Error(wrong)
			}
			for _, part := range []string{"Register-ArgumentCompleter -CommandName '" + program + "'", "__complete", "[CompletionResult]"} {
				if !strings.Contains(strings.ReplaceAll(r.Stdout, "System.Management.Automation.", ""), part) {
					t.Errorf("the script has no %q", part)
				}
			}
			// The check sees faults at all.
			for name, broken := range map[string]string{
				"a brace is missing":       strings.Replace(r.Stdout, "{", "", 1),
				"a parenthesis is missing": strings.Replace(r.Stdout, ")", "", 1),
				"a bracket too many":       r.Stdout + "]",
				"a string is open":         strings.Replace(r.Stdout, `"`, "", 1),
			} {
				if faultOfPowerShell(t, broken) == "" {
					t.Errorf("%s, and no fault is found", name)
				}
			}
		})
	}
}

// faultOfPowerShell describes the first fault of a script, or returns an empty string.
func faultOfPowerShell(t *testing.T, script string) string {
	t.Helper()
	tokens, err := chroma.Tokenise(lexers.Get("powershell"), nil, script)
	if err != nil {
		t.Fatal(err)
	}
	closes := map[byte]byte{'}': '{', ')': '(', ']': '['}
	var open []byte
	for _, token := range tokens {
		switch {
		case token.Type == chroma.Error && token.Value != ":": // the lexer does not know it after $env
			return "this is no token: " + token.Value
		case token.Type.InSubCategory(chroma.LiteralString), token.Type.InCategory(chroma.Comment):
			continue
		}
		for _, c := range []byte(token.Value) {
			switch c {
			case '{', '(', '[':
				open = append(open, c)
			case '}', ')', ']':
				if len(open) == 0 || open[len(open)-1] != closes[c] {
					return "this closes nothing that is open: " + token.Value
				}
				open = open[:len(open)-1]
			}
		}
	}
	if len(open) > 0 {
		return "this is not closed: " + string(open)
	}
	return ""
}
