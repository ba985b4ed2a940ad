package check

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/commands/clitest"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/workload"
)

func TestLoadsHaveShortAndLongNames(t *testing.T) {
	for name, want := range map[string]string{"s": "s", "small": "s", "m": "m", "medium": "m", "l": "l", "large": "l", "xl": "xl", "xLarge": "xl"} {
		t.Run(name, func(t *testing.T) {
			size, err := sizes().Parse(name)
			if err != nil || size != want {
				t.Errorf("%s is %s, %v, want %s", name, size, err, want)
			}
			if perfLoads()[size].clients == 0 || datascaleLoads()[size].clients == 0 {
				t.Errorf("%s is no load", size)
			}
		})
	}
}

func TestFlagsOfChecks(t *testing.T) {
	run, perf := clitest.New(""), perfOptions{}
	if err := run.Execute(t.Context(), newPerfCmd(clitest.Completed(run, &perf)), "ignored", "--auto-defrag"); err != nil || perf != (perfOptions{options{"s", "/etcdctl-check-perf/", false, true, "s"}, time.Minute}) {
		t.Errorf("check perf is asked to do %+v, %v", perf, err)
	}
	run, scale := clitest.New(""), options{}
	if err := run.Execute(t.Context(), newDatascaleCmd(clitest.Completed(run, &scale)), "--load", "xl", "--auto-compact", "--prefix", "p"); err != nil || scale != (options{"xl", "p", true, false, "xl"}) {
		t.Errorf("check datascale is asked to do %+v, %v", scale, err)
	}
	for line, want := range map[string]exit.Code{
		"perf --load tiny":     exit.BadFeature,
		"datascale --load xxl": exit.BadFeature,
		"perf --duration 0s":   exit.BadArgs,
		"perf --duration -1s":  exit.BadArgs,
	} {
		t.Run(line, func(t *testing.T) {
			run := clitest.New("")
			if err := run.Execute(t.Context(), NewCmd(run.Factory), strings.Fields(line)...); exit.CodeOf(err) != want {
				t.Errorf("check %s: %v, want status %d", line, err, want)
			}
		})
	}
}

func TestPerformanceIsWhatTheWritesSay(t *testing.T) {
	m := workload.Measured{Latencies: []time.Duration{time.Second, 3 * time.Second}, Total: 4 * time.Second, Errors: map[string]int{"b": 1, "a": 2}}
	r := performance(m, 10)
	if r.Wanted != 10 || r.Throughput != 0.5 || r.Slowest != 3 || r.Deviation != 1 || len(r.Failures) != 2 || r.Failures[0].Text != "a" || r.Passed() {
		t.Errorf("%+v", r)
	}
	if r = performance(workload.Measured{Total: time.Second}, 10); r.Throughput != 0 || !math.IsNaN(r.Deviation) || r.Passed() {
		t.Errorf("of nothing: %+v", r)
	}
	if r = performance(workload.Measured{Latencies: make([]time.Duration, 100), Total: time.Second}, 100); !r.Passed() {
		t.Errorf("of what is wanted: %+v", r)
	}
}

func TestAStepNamesItsObjectAsItIs(t *testing.T) {
	for _, object := range []string{` "http://[fe80::1%25lo]:2379"`, " 100%", " %s%d%!"} {
		t.Run(object, func(t *testing.T) {
			run := clitest.New("")
			cmd := &cobra.Command{Use: "step", RunE: cli.Run(run.Factory, cli.NoOptions{}, func(ctx context.Context, _ *cli.Factory, _ cli.NoOptions) error {
				w := &check{f: run.Factory, opts: &options{}}
				return w.step(ctx, "Defragment", object, func(context.Context) error { return nil })
			})}
			if err := errors.Join(run.Execute(t.Context(), cmd), run.Close()); err != nil {
				t.Fatal(err)
			}
			if want := "Defragmenting" + object + "\nDefragmented" + object + "\n"; run.Out.String() != want {
				t.Errorf("the step prints %q, want %q", run.Out.String(), want)
			}
		})
	}
}
