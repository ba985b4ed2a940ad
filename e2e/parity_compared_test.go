package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/e2e/parity"
)

// TestCompatibilityStatesWhatIsCompared counts the command lines of TestParity and of
// TestParityOfRandomCommandLines, and compares the table of docs/compatibility.md with
// them. With -update-pages it writes the table.
func TestCompatibilityStatesWhatIsCompared(t *testing.T) {
	t.Parallel()
	written, groups := map[string]int{}, 0
	files, err := filepath.Glob(filepath.Join("testdata", "parity", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		group, err := parity.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		groups++
		version := etcdserver.Latest
		if at := slices.Index(group.Server, "-version"); at >= 0 {
			version = group.Server[at+1]
		}
		written[version] += len(group.Cases)
	}
	random := func(lines uint64) map[string]uint64 {
		counts := map[string]uint64{}
		for _, group := range randomGroups(lines, etcdserver.SupportedVersions()) {
			counts[group.version] += group.count
		}
		return counts
	}
	everyRun, nightly := random(randomLines), random(randomLinesOfSoak)

	table := "| server | written by hand | random, in every run | random, nightly |\n| --- | --- | --- | --- |\n"
	var sums [3]uint64
	for _, version := range etcdserver.SupportedVersions() {
		row := [3]uint64{uint64(written[version]), everyRun[version], nightly[version]}
		table += fmt.Sprintf("| etcd %s | %d | %d | %d |\n", version, row[0], row[1], row[2])
		for i := range sums {
			sums[i] += row[i]
		}
	}
	table += fmt.Sprintf("| all | %d | %d | %d |\n", sums[0], sums[1], sums[2])

	page := harness.ProjectFile("docs", "compatibility.md")
	text := harness.MustRead(t, page)
	shown := regexp.MustCompile(`(?m)^\| server \| written by hand(?:.*\n\|)*.*\n`)
	if *updatePages {
		if err := os.WriteFile(page, []byte(shown.ReplaceAllLiteralString(text, table)), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(table, shown.FindString(text)); diff != "" {
		t.Errorf("docs/compatibility.md is out of date: run this test with -update-pages (-counted +page):\n%s", diff)
	}
	if want := fmt.Sprintf("in %d groups", groups); !strings.Contains(text, want) {
		t.Errorf("docs/compatibility.md does not state %q", want)
	}
}
