package main

import (
	"strings"
	"testing"
)

const passing = `make: entering
{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0}
{"Action":"output","Package":"p","Output":"PASS\n"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}
`

func TestPassingRunPrintsClosingLinesOnly(t *testing.T) {
	var out strings.Builder
	if err := report(strings.NewReader(passing), &out); err != nil {
		t.Fatalf("a passing run was refused: %v", err)
	}
	if want := "make: entering\nok  \tp\t0.1s\n"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}

func TestSkippedTestIsNamedAndFails(t *testing.T) {
	const skip = `{"Action":"output","Package":"p","Test":"TestFish","Output":"=== RUN   TestFish\n"}
{"Action":"output","Package":"p","Test":"TestFish","Output":"    x_test.go:3: no fish here\n"}
{"Action":"output","Package":"p","Test":"TestFish","Output":"--- SKIP: TestFish (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestFish","Elapsed":0}
`
	err := report(strings.NewReader(passing+skip), &strings.Builder{})
	if err == nil || !strings.Contains(err.Error(), "p TestFish: x_test.go:3: no fish here") {
		t.Errorf("a skipped test gave %v, want its name and reason", err)
	}
}

func TestFailureIsShown(t *testing.T) {
	const fail = `{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:9: want 1\n"}
{"Action":"fail","Package":"p","Test":"TestB","Elapsed":0}
{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}
{"Action":"fail","Package":"p"}
`
	var out strings.Builder
	if err := report(strings.NewReader(passing+fail), &out); err == nil {
		t.Error("a failing run passed")
	}
	if want := "    b_test.go:9: want 1\n"; !strings.Contains(out.String(), want) {
		t.Errorf("printed %q, want the failure %q in it", out.String(), want)
	}
}

func TestEmptyRunFails(t *testing.T) {
	if err := report(strings.NewReader(""), &strings.Builder{}); err == nil {
		t.Error("a run without any test passed")
	}
}

func TestOutputOfATestThatNeverEndedIsShown(t *testing.T) {
	const died = `{"Action":"output","Package":"p","Test":"TestC","Output":"panic: boom\n"}
{"Action":"fail","Package":"p"}
`
	var out strings.Builder
	if err := report(strings.NewReader(died), &out); err == nil || !strings.Contains(out.String(), "panic: boom") {
		t.Errorf("error %v, printed %q; want an error and the panic", err, out.String())
	}
}
