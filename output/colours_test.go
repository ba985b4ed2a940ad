package output

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/colour"
)

// painted returns what is printed of r in a format, with and without colours.
func painted(t *testing.T, r Result, format Format) (coloured, plain string) {
	t.Helper()
	var texts []string
	for _, paint := range []colour.Painter{true, false} {
		var b bytes.Buffer
		p, err := NewPrinter(&b, string(format), FormatsOf(r), false)
		if err != nil {
			t.Fatal(err)
		}
		p.InColours(paint)
		if err := p.Print(r); err != nil {
			t.Fatal(err)
		}
		if err := p.Flush(); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, b.String())
	}
	return texts[0], texts[1]
}

func TestAnswersAndSeveritiesAreColoured(t *testing.T) {
	const green, yellow, red, end = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[0m"
	yes, no := access.Decision{Allowed: true}, access.Decision{MissingAccess: access.Write}
	for _, c := range []struct {
		result Result
		format Format
		want   []string
	}{
		{CanI{Live: true, Decision: yes}, Simple, []string{green + "yes" + end + "\n"}},
		{CanI{Live: true, Decision: no}, Simple, []string{red + "no" + end + "\nnot allowed"}},
		{CanI{Live: true, Decision: no}, Table, []string{" " + red + "no" + end + " "}},
		{PasswordChecked{Right: true}, Simple, []string{green + "yes" + end + "\n"}},
		{PasswordChecked{Reason: "it is another one"}, Simple, []string{red + "no" + end + ": it is"}},
		{PasswordChecked{Right: true}, Table, []string{green + "yes" + end}},
		{oddFindings(), Simple, []string{red + "high" + end + " root-holder: ", "\nwaived high ", yellow + "medium" + end + " ", "\nlow "}},
		{oddFindings(), Table, []string{red + "high" + end, yellow + "medium" + end, " low "}},
		{healthOfThree(), Simple, []string{" is " + green + "healthy" + end + ": successfully"}},
		{PolicyPlan{Plan: policyPlan()}, Simple, []string{green + "+ role ", yellow + "~ ", red + "- ", "\n" + green + "    + "}},
	} {
		coloured, plain := painted(t, c.result, c.format)
		for _, want := range c.want {
			if !strings.Contains(coloured, want) {
				t.Errorf("%T as %s is\n%s\nwant in it %q", c.result, c.format, coloured, want)
			}
		}
		if bare := regexp.MustCompile(`\x1b\[\d+m`).ReplaceAllString(coloured, ""); bare != plain {
			t.Errorf("%T as %s differs by more than its colours:\n%s\nand\n%s", c.result, c.format, coloured, plain)
		}
	}
}

func TestOnlyLinesAndOurTablesAreColoured(t *testing.T) {
	for _, c := range goldenCases() {
		if c.result == nil {
			continue
		}
		for _, format := range c.formats {
			if format == Simple || format == Table || format == Wide {
				continue
			}
			if coloured, plain := painted(t, c.result, format); coloured != plain {
				t.Errorf("%s as %s is coloured:\n%q", c.name, format, coloured)
			}
		}
	}
	if coloured, plain := painted(t, healthOfThree(), Table); coloured != plain {
		t.Errorf("the table of etcdctl's command is coloured:\n%s", coloured)
	}
}
