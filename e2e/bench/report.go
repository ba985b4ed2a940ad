package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// row is one line of the report: one quantity of one task.
type row struct {
	task, quantity    string
	ours, theirs      string // theirs is empty where there is nothing to compare with
	ratio             float64
	target            float64 // 0: none
	targetUnit        string  // empty for a ratio
	measuredForTarget float64 // in targetUnit; 0 for a ratio
}

// report collects rows and prints them as one table.
type report struct {
	rows []row
}

// compare adds ours beside theirs as a ratio, with the largest ratio that is
// wanted, or 0 where none was set.
func (r *report) compare(task, quantity string, ours, theirs fmt.Stringer, ratio, target float64) {
	r.rows = append(r.rows, row{
		task: task, quantity: quantity,
		ours: ours.String(), theirs: theirs.String(),
		ratio: ratio, target: target,
	})
}

// equalTarget is the ratio of what is to be no worse than etcdctl.
const equalTarget = 1.0

// targets are the largest ratios that are wanted, 0 where none was set.
type targets struct{ wall, cpu, memory float64 }

// usages adds what ours took beside theirs.
func (r *report) usages(task string, ours, theirs usage, t targets) {
	r.compare(task, "wall", round(ours.wall), round(theirs.wall), ratio(ours.wall, theirs.wall), t.wall)
	r.compare(task, "CPU", round(ours.cpu), round(theirs.cpu), ratio(ours.cpu, theirs.cpu), t.cpu)
	r.compare(task, "peak memory", size(ours.memory), size(theirs.memory), ratio(ours.memory, theirs.memory), t.memory)
}

// limit adds a quantity of ours that has an absolute limit. theirs may be nil.
func (r *report) limit(task, quantity string, ours, theirs size, limit float64, unit string, perUnit float64) {
	line := row{
		task: task, quantity: quantity, ours: ours.String(),
		target: limit, targetUnit: unit, measuredForTarget: float64(ours) / perUnit,
	}
	if theirs != 0 {
		line.theirs = theirs.String()
		line.ratio = float64(ours) / float64(theirs)
	}
	r.rows = append(r.rows, line)
}

// print writes the table. It returns how many targets there were and how many
// were missed.
func (r *report) print(w io.Writer) (targets, missed int, err error) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "TASK\tQUANTITY\tECTL\tCOMPARED WITH\tRATIO\tTARGET\tREACHED")
	for _, line := range r.rows {
		ratio, target, reached := "", "", ""
		if line.ratio != 0 {
			ratio = fmt.Sprintf("%.2f", line.ratio)
			if line.ratio < 0.1 {
				ratio = fmt.Sprintf("%.3f", line.ratio)
			}
		}
		if line.target != 0 {
			measured := line.ratio
			target = fmt.Sprintf("≤ %g", line.target)
			if line.targetUnit != "" {
				measured = line.measuredForTarget
				target += " " + line.targetUnit
			}
			targets++
			reached = "yes"
			if measured > line.target {
				missed++
				reached = "NO"
			}
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", line.task, line.quantity, line.ours, line.theirs, ratio, target, reached)
	}
	return targets, missed, t.Flush()
}

// size is a number of bytes.
type size int64

func (s size) String() string { return fmt.Sprintf("%.1f MiB", float64(s)/(1<<20)) }
