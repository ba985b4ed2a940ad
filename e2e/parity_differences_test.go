package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
)

// showsDifference checks that a case shows the deliberate difference of that ID
// and no other. A case that no longer differs is an error too.
func showsDifference(id string, reference, ours harness.Result) error {
	if reference.Stdout == ours.Stdout && reference.Status == ours.Status {
		return errors.New("no longer differs; take it out of docs/compatibility.md")
	}
	if precise, ok := differences[id]; ok {
		return precise(reference, ours)
	}
	return fmt.Errorf("no check is written for the difference %q", id)
}

// differences says for each deliberate difference what exactly differs, so that
// a listed difference does not hide another one.
var differences = map[string]func(reference, ours harness.Result) error{
	"prompts": func(reference, ours harness.Result) error {
		data := promptText.ReplaceAllString(reference.Stdout, "")
		switch {
		case data == reference.Stdout:
			return errors.New("the reference does not prompt")
		case data != ours.Stdout:
			return fmt.Errorf("without its prompts the reference's stdout is %q", data)
		case reference.Status != ours.Status:
			return errors.New("exit status differs")
		}
		return nil
	},
	"formats": func(reference, ours harness.Result) error {
		// A user without roles gives it nothing to refuse but the head line.
		if reference.Status == "0" && strings.HasPrefix(reference.Stdout, "User: ") && strings.Contains(ours.Stdout, "│") {
			return answered(ours)
		}
		// Nor gives a lease that is not there.
		if reference.Status == "0" && reference.Stdout == "" && strings.Contains(ours.Stdout, "expired or revoked │") {
			return nil
		}
		// It may have begun to print, prompts or the head of a result.
		if reference.Status != "4" || !strings.Contains(reference.Stderr, "not supported as output format") &&
			!strings.Contains(reference.Stderr, "marshal unsupported for type") {
			return errors.New("the reference does not refuse the format")
		}
		if ours.Status == "1" && (strings.Contains(ours.Stderr, "Error: etcdserver: ") || strings.HasPrefix(ours.Stderr, "Failed to get the ")) {
			return nil // there is no result, and it refuses to show that
		}
		return answered(ours)
	},
	"new-formats": func(reference, ours harness.Result) error {
		return firstError(
			refused(reference, "4", "unsupported output format"),
			answered(ours))
	},
	"lock-in-lock": func(reference, ours harness.Result) error {
		return firstError(
			printedKey(reference, "outer/"),
			printedKey(ours, "inner/"))
	},
	"lock-lease": func(reference, ours harness.Result) error {
		return firstError(
			answered(reference),
			unless(reference.Stdout != "found 0 leases\n", "the reference leaves no lease"),
			printed(ours, "found 0 leases\n"))
	},
	"count-only": func(reference, ours harness.Result) error {
		return firstError(
			refused(reference, "128", "--count-only is only for `--write-out=fields`"),
			answered(ours))
	},
	"stream-fallback": func(reference, ours harness.Result) error {
		return firstError(
			refused(reference, "1", "code = Unimplemented"),
			succeeded(ours))
	},
	"two-mistakes": func(reference, ours harness.Result) error {
		if reference.Status == "2" {
			return firstError(
				refused(reference, "2", "authentication failed"),
				refused(ours, "128", ""))
		}
		if !slices.Contains([]string{"1", "4", "128"}, reference.Status) || promptText.ReplaceAllString(reference.Stdout, "") != "" {
			return errors.New("the reference does not refuse the line for another mistake")
		}
		format := refused(ours, "4", "unsupported output format")
		conflict := refused(ours, "1", "is also set by the environment variable")
		valueOnly := refused(ours, "128", "--print-value-only works only with")
		empty := refused(ours, "128", " is empty: give a file name, or leave out the option")
		if format != nil && conflict != nil && valueOnly != nil && empty != nil {
			return errors.New("ours refuses neither the format nor the variable nor an empty file name")
		}
		return nil
	},
	"snapshot-status": func(reference, ours harness.Result) error {
		return firstError(
			succeeded(reference),
			unless(strings.Contains(reference.Stdout, "snapshot"), "the reference prints no help"),
			unless(regexp.MustCompile(`^[0-9a-f]+, \d+, \d+, .*B, 3\.7\.0\n$`).MatchString(ours.Stdout), "ours prints no status"))
	},
	"zero-timeout": func(reference, ours harness.Result) error {
		return firstError(
			succeeded(reference),
			refused(ours, "1", ": must be positive"))
	},
	"expired-certificate": func(_, ours harness.Result) error {
		return refused(ours, "128", "expired at")
	},
	"unreachable": func(reference, ours harness.Result) error {
		if !strings.HasPrefix(reference.Status, "killed") {
			return errors.New("the reference does not hang")
		}
		return refused(ours, "1", "connection refused")
	},
	"keep-alive-reason": func(reference, ours harness.Result) error {
		return firstError(
			printed(reference, "lease 0000000000001234 expired or revoked.\n"),
			refused(ours, "2", "connection refused"))
	},
	"no-endpoints": func(reference, ours harness.Result) error {
		if reference.Status != "0" {
			return errors.New("the reference fails, too")
		}
		return refused(ours, "2", "no available endpoints")
	},
	"txn-panics": func(reference, ours harness.Result) error {
		panics := reference.Status == "2" && strings.Contains(reference.Stderr, "panic: ")
		// With --help, it prints help and waits for itself, indefinitely if it
		// looks after a login, too.
		waits := reference.Status == "2" && strings.Contains(reference.Stderr, "all goroutines are asleep") ||
			strings.HasPrefix(reference.Status, "killed")
		helps := waits && strings.Contains(reference.Stdout+reference.Stderr, "Usage:")
		titles := interactiveTitles.FindString(reference.Stdout)
		switch {
		case !panics && !helps || panics && reference.Stdout != titles:
			return errors.New("the reference does not panic")
		case ours.Status == "0" && panics:
			return answered(ours)
		case strings.Contains(reference.Stderr, "panic: bad value") && strings.Contains(ours.Stderr, "Error: "):
			return nil // it was a lease, and something behind it is wrong, too
		case !strings.HasPrefix(ours.Stdout, titles):
			return errors.New("ours does not print what the reference prints before")
		case !refusedLine.MatchString(ours.Stderr):
			return errors.New("ours does not name the line")
		}
		ours.Stdout = ours.Stdout[len(titles):]
		return refused(ours, "3", "")
	},
	"watch-key-twice": func(reference, ours harness.Result) error {
		return firstError(
			refused(reference, "3", "error reading watch request line"),
			refused(ours, "128", "ETCDCTL_WATCH_KEY is set"))
	},
	"watch-command-words": func(reference, ours harness.Result) error {
		return firstError(
			refused(reference, "5", "watcher range is empty"),
			refused(harness.Result{Status: ours.Status, Stderr: ours.Stderr}, "1", "command [\"false\" \"false\"] error"),
			answered(harness.Result{Status: "0", Stdout: ours.Stdout}))
	},
	"whole-line": func(reference, ours harness.Result) error {
		if ours.Status == "0" {
			return refused(reference, "2", "authentication failed")
		}
		return firstError(
			answered(reference),
			refused(ours, "2", "authentication failed"))
	},
	"empty-password": func(reference, ours harness.Result) error {
		return firstError(
			answered(reference),
			refused(ours, "128", "empty password"))
	},
	"login-left-out": func(reference, ours harness.Result) error {
		return firstError(
			refused(reference, "1", "user name is empty"),
			refused(ours, "128", " is empty: "))
	},
	"passwd-without-password": func(reference, ours harness.Result) error {
		return firstError(
			printed(reference, "Password updated\n"),
			refused(ours, "1", "password"))
	},
	"auth-enable-grants": func(reference, ours harness.Result) error {
		return firstError(
			refused(reference, "1", "role name already exists"),
			printed(ours, "Authentication Enabled\n"))
	},
	"all-at-once": func(reference, ours harness.Result) error {
		return firstError(
			refused(reference, "1", "context deadline exceeded"),
			answered(ours))
	},
	"snapshot-unreachable": func(reference, ours harness.Result) error {
		if !strings.HasPrefix(reference.Status, "killed") {
			return errors.New("the reference does not hang")
		}
		return refused(ours, "5", "connection refused")
	},
	"datascale-tls": func(reference, ours harness.Result) error {
		if reference.Status != "1" || !strings.Contains(reference.Stdout, "client certificate error") {
			return errors.New("the reference can ask")
		}
		if ours.Status != "0" || !strings.Contains(ours.Stdout, "PASS: Approximate system memory used : ") {
			return errors.New("ours cannot ask")
		}
		return nil
	},
	"mirror-unreachable": func(reference, ours harness.Result) error {
		if !strings.HasPrefix(reference.Status, "killed") {
			return errors.New("the reference does not hang")
		}
		return refused(ours, "1", "connection refused")
	},
	"mirror-into-itself": func(reference, ours harness.Result) error {
		if !strings.HasPrefix(reference.Status, "killed") {
			return errors.New("the reference does not copy without end")
		}
		return refused(ours, "128", "the same cluster")
	},
	"detail-json": func(reference, ours harness.Result) error {
		if json.Valid([]byte(reference.Stdout)) {
			return errors.New("the reference prints one JSON document")
		}
		if !json.Valid([]byte(ours.Stdout)) {
			return errors.New("ours is not one JSON document")
		}
		return firstError(answered(reference), answered(ours))
	},
}

// interactiveTitles are what "txn -i" prints between the parts.
var interactiveTitles = regexp.MustCompile(`^(?:compares:\n(?:success requests \(get, put, del\):\n(?:failure requests \(get, put, del\):\n)?)?)?`)

var refusedLine = regexp.MustCompile(`(?m)^Error: line [0-9]+: (?:malformed comparison|invalid comparison|invalid request): `)

// refused is nil where a program failed as it was meant to, without a result.
func refused(r harness.Result, status, reason string) error {
	if r.Status != status || r.Stdout != "" || !strings.Contains(r.Stderr, reason) {
		return fmt.Errorf("status %s and stdout %q, want status %s, no stdout and %q on stderr", r.Status, r.Stdout, status, reason)
	}
	return nil
}

// succeeded is nil where a program found nothing wrong, though it may not have
// found anything else either.
func succeeded(r harness.Result) error {
	if r.Status != "0" {
		return fmt.Errorf("status %s, want success", r.Status)
	}
	return nil
}

// answered is nil where a program gave a result.
func answered(r harness.Result) error {
	if r.Status != "0" || r.Stdout == "" {
		return fmt.Errorf("status %s and stdout %q, want a result", r.Status, r.Stdout)
	}
	return nil
}

// printed is nil where a program gave this result.
func printed(r harness.Result, stdout string) error {
	if r.Status != "0" || r.Stdout != stdout {
		return fmt.Errorf("status %s and stdout %q, want %q", r.Status, r.Stdout, stdout)
	}
	return nil
}

// printedKey is nil where a program printed one key of a queue.
func printedKey(r harness.Result, prefix string) error {
	if r.Status != "0" || !strings.HasPrefix(r.Stdout, prefix) || strings.Count(r.Stdout, "\n") != 1 {
		return fmt.Errorf("status %s and stdout %q, want a key below %s", r.Status, r.Stdout, prefix)
	}
	return nil
}

func unless(ok bool, problem string) error {
	if !ok {
		return errors.New(problem)
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// listedDifferences are the IDs in the first column of the table of deliberate
// differences.
func listedDifferences(t *testing.T) map[string]bool {
	t.Helper()
	listed := map[string]bool{}
	for _, row := range differenceRows(t) {
		listed[row.id] = true
		for _, file := range filesOf(row) {
			if _, err := os.Stat(harness.ProjectFile(file)); err != nil {
				t.Errorf("docs/compatibility.md, %s: %v", row.id, err)
			}
		}
	}
	if len(listed) == 0 {
		t.Fatal("docs/compatibility.md lists no differences")
	}
	for id := range maps.Keys(differences) {
		if !listed[id] {
			t.Errorf("the difference %q has a check but is not listed in docs/compatibility.md", id)
		}
	}
	return listed
}

type differenceRow struct{ id, test string }

var differencePattern = regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\|.*\\| ([^|]+) \\|$")

func differenceRows(t *testing.T) []differenceRow {
	t.Helper()
	var rows []differenceRow
	for _, m := range differencePattern.FindAllStringSubmatch(harness.MustRead(t, harness.ProjectFile("docs", "compatibility.md")), -1) {
		rows = append(rows, differenceRow{id: m[1], test: m[2]})
	}
	return rows
}

// filesOf are the files that a row names as its tests.
func filesOf(row differenceRow) []string {
	var files []string
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row.test, -1) {
		files = append(files, m[1])
	}
	return files
}

// shownElsewhere says whether a row names a test or script that shows the
// difference, for those that a single command line cannot show. A parity file
// does not count here: its cases count by themselves.
func shownElsewhere(t *testing.T, id string) bool {
	t.Helper()
	for _, row := range differenceRows(t) {
		if row.id == id {
			return slices.ContainsFunc(filesOf(row), func(file string) bool { return filepath.Ext(file) != ".txt" })
		}
	}
	return false
}
