package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/internal/access"
)

// largePolicies are policies of a size n, each large in another way.
func largePolicies(n int) map[string]string {
	texts := map[string]*strings.Builder{}
	add := func(name, format string, args ...any) {
		if texts[name] == nil {
			texts[name] = &strings.Builder{}
			texts[name].WriteString("apiVersion: ectl/v1\n")
		}
		fmt.Fprintf(texts[name], format, args...)
	}
	add("permissions", "roles:\n  big:\n")
	add("the same permission", "roles:\n  big:\n")
	add("misspelt roles", "roles:\n")
	for i := range n {
		add("permissions", "    - {access: read, key: /k/%07d}\n", i)
		add("the same permission", "    - {access: read, key: /k}\n")
		add("misspelt roles", "  role%05d: []\n", i)
	}
	add("misspelt roles", "users:\n")
	add("roles of a user", "roles: {root: []}\nusers:\n  bob:\n    roles:\n")
	add("faults", "roles:\n  big:\n")
	for i := range n {
		add("misspelt roles", "  u%05d: {roles: [rol%05d]}\n", i, i)
		add("roles of a user", "      - r%05d\n", i)
		add("faults", "    - {acess: read}\n")
	}
	all := map[string]string{}
	for name, text := range texts {
		all[name] = text.String()
	}
	return all
}

// Four times the policy is less than eight times the work, which would be
// sixteen if each value were compared with each.
func TestTheWorkOfParsingGrowsWithThePolicy(t *testing.T) {
	steps := func(text string) int {
		p := newParser()
		p.document([]byte(text))
		p.checkNames()
		return p.steps
	}
	large := largePolicies(8000)
	for name, small := range largePolicies(2000) {
		if few, many := steps(small), steps(large[name]); few < 2000 || many > 8*few {
			t.Errorf("%s: %d steps, and of a policy of four times the size %d", name, few, many)
		}
	}
}

func TestOfManyFaultsTheFirstAreShownAndTheOthersCounted(t *testing.T) {
	for name, text := range largePolicies(3000) {
		if name == "permissions" {
			continue
		}
		_, err := Parse(Document{"p", []byte(text)})
		faults, ok := err.(Errors) //nolint:errorlint // it is this type, as it says
		lines := strings.Split(fmt.Sprint(err), "\n")
		if !ok || len(faults) > maxProblems+1 || len(lines) != maxShown+2 {
			t.Fatalf("%s: %d lines of %d faults", name, len(lines), len(faults))
		}
		var total, more int
		fmt.Sscanf(lines[0], "%d problems", &total)
		fmt.Sscanf(lines[len(lines)-1], "  and %d more", &more)
		if total < 2999 || total != maxShown+more {
			t.Errorf("%s: it begins with %q and ends with %q", name, lines[0], lines[len(lines)-1])
		}
		if hints := strings.Count(err.Error(), "did you mean"); name == "misspelt roles" && hints != maxHints {
			t.Errorf("%s: %d hints, want those of the first %d", name, hints, maxHints)
		}
	}
}

func TestLongNamesAreShortenedInErrors(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	_, err := Parse(Document{"p", []byte("apiVersion: ectl/v1\nroles: {" + long + ": [{access: read, key: " + long + "}, {access: read, key: " + long + "}, a]}\nusers: {u: {roles: [" + long + "y]}, u: {}}")})
	if err == nil || len(err.Error()) > 2000 {
		t.Errorf("the error has %d bytes", len(fmt.Sprint(err)))
	}
}

func TestManyAssertionsAreCheckedAgainstWhatIsWorkedOutOnce(t *testing.T) {
	p := parse(t, largePolicies(2000)["permissions"]+"users: {bob: {roles: [big]}}\nexpect: ["+strings.Repeat("bob cannot readwrite all, ", 2000)+"bop can read all]")
	checker := NewChecker(p.State())
	for _, a := range p.Expect {
		why, holds := checker.Check(a)
		if want := "bob can read key /k/0000000, key /k/0000001, key /k/0000002 and 1997 more ranges by the role big (read key /k/0000000)"; holds || a.User == "bob" && why != want {
			t.Fatalf("%s: %t, %s", a.Text, holds, why)
		}
	}
	checker = NewChecker(access.NewState())
	for range 3 * maxHints {
		checker.Check(Assertion{User: "bop"})
	}
	if checker.hints != 0 {
		t.Errorf("%d hints are left, want none", checker.hints)
	}
}
