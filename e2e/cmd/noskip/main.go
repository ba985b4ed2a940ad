// Noskip reads the JSON of `go test -json` from standard input, and prints the usual text
// of `go test`: the output of failed tests, and one closing line for each package. It
// exits with 1 if a test failed or was skipped, or if nothing was tested. It names skipped
// tests.
//
// A test may be skipped on a machine without an optional shell or server. If everything
// is installed, as in CI, a skipped test is a failure.
//
//	go test -json ./... | noskip
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() {
	if err := report(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "noskip:", err)
		os.Exit(1)
	}
}

// event is one line of `go test -json`; `go doc test2json` describes it.
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Output     string
}

// report copies the closing lines and the output of failures from r to w.
// Closing lines come last, so that they end the output of a whole run.
func report(r io.Reader, w io.Writer) error {
	var (
		output  = map[string][]string{} // of a test that still runs, by package and name
		closing []string
		skipped []string
		failed  int
		passed  int
	)
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil || e.Action == "" {
				// What make prints of its own.
				fmt.Fprint(w, line)
				continue
			}
			id := e.Package + " " + e.Test
			switch {
			case e.Action == "build-output":
				fmt.Fprint(w, e.Output)
			case e.Action == "output" && e.Test == "":
				if isClosing(e.Output) {
					closing = append(closing, e.Output)
				} else if e.Output != "PASS\n" {
					fmt.Fprint(w, e.Output)
				}
			case e.Action == "output":
				output[id] = append(output[id], e.Output)
			case e.Action == "skip" && e.Test != "":
				skipped = append(skipped, strings.TrimSpace(id+": "+reason(output[id])))
				delete(output, id)
			case e.Action == "fail":
				failed++
				fmt.Fprint(w, strings.Join(output[id], ""))
				delete(output, id)
			case e.Action == "pass":
				if e.Test != "" {
					passed++
				}
				delete(output, id)
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	// A test binary that died says nothing of the tests that were running.
	for _, id := range sortedKeys(output) {
		fmt.Fprint(w, strings.Join(output[id], ""))
	}
	fmt.Fprint(w, strings.Join(closing, ""))

	switch {
	case len(skipped) > 0:
		return fmt.Errorf("%d tests were skipped, where everything is there to run them:\n  %s",
			len(skipped), strings.Join(skipped, "\n  "))
	case failed > 0:
		return fmt.Errorf("%d failures", failed)
	case passed == 0:
		return fmt.Errorf("no test ran")
	}
	return nil
}

// isClosing tells whether a line is the last one that `go test` prints of a
// package: "ok", "FAIL" or "?" and the package, separated by tabs.
func isClosing(line string) bool {
	word, _, found := strings.Cut(line, "\t")
	return found && slices.Contains([]string{"ok  ", "FAIL", "?   "}, word) ||
		strings.HasPrefix(line, "\t") && strings.Contains(line, "coverage:")
}

// reason is the last line that a skipped test wrote before its result.
func reason(output []string) string {
	for _, line := range slices.Backward(output) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "---") && !strings.HasPrefix(line, "===") {
			return line
		}
	}
	return ""
}

func sortedKeys(m map[string][]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
