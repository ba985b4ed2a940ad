package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
)

// PowerShell is not on every machine that runs the tests, and there is no light parser of
// its language for Go with a permissive licence. So the test checks that everything that
// opens closes: braces, parentheses, brackets, strings and comments.
func TestTheScriptForPowerShellIsWellFormed(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"ectl", "etcdctl"} {
		t.Run(program, func(t *testing.T) {
			r := harness.Run(t, harness.Command{Program: harness.EctlFolder() + "/" + program, Args: []string{"completion", "powershell"}, Env: harness.Env(t.TempDir())})
			if r.Status != "0" || r.Stderr != "" {
				t.Fatalf("the completion script: status %s, %s", r.Status, r.Stderr)
			}
			if wrong := faultOfPowerShell(r.Stdout); wrong != "" {
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
				"a here-string is open":    r.Stdout + "$x = @'\n'",
				"a string is open":         strings.Replace(r.Stdout, `"`, "", 1),
			} {
				if faultOfPowerShell(broken) == "" {
					t.Errorf("%s, and no fault is found", name)
				}
			}
		})
	}
}

// faultOfPowerShell describes the first fault of a script, or returns an empty string. It
// knows strings, here-strings, comments and the escapes in them.
func faultOfPowerShell(script string) string {
	closes := map[byte]byte{'}': '{', ')': '(', ']': '['}
	var open []byte
	for i := 0; i < len(script); i++ {
		switch c := script[i]; c {
		case '`':
			i++ // escapes the next character
		case '#':
			end, what := "\n", "a comment"
			if i > 0 && script[i-1] == '<' {
				end, what = "#>", "a comment of several lines"
			}
			length := strings.Index(script[i:], end)
			if length < 0 {
				return what + " is not closed"
			}
			i += length
		case '\'', '"':
			length := lengthOfString(script[i:], i > 0 && script[i-1] == '@')
			if length < 0 {
				return fmt.Sprintf("a string is not closed: %.30q", script[i:])
			}
			i += length - 1
		case '{', '(', '[':
			open = append(open, c)
		case '}', ')', ']':
			if len(open) == 0 || open[len(open)-1] != closes[c] {
				return fmt.Sprintf("this closes nothing that is open: %.30q", script[i:])
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return fmt.Sprintf("this is not closed: %q", open)
	}
	return ""
}

// lengthOfString returns the length of the string at the start of a text, with its quotes,
// or -1 if it is not closed on its line. A here-string ends with its quote and @ at the
// start of a line.
func lengthOfString(text string, here bool) int {
	quote := text[0]
	if here {
		end := "\n" + string(quote) + "@"
		if at := strings.Index(text, end); at >= 0 {
			return at + len(end)
		}
		return -1
	}
	for i := 1; i < len(text) && text[i] != '\n'; i++ {
		switch {
		case text[i] == '`' && quote == '"':
			i++
		case text[i] == quote && i+1 < len(text) && text[i+1] == quote: // stands for one quote
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return -1
}
