package output

import (
	"maps"
	"math"
	"slices"
	"strconv"
)

// Failure is an error with the number of times it occurred.
type Failure struct {
	Text  string
	Count int
}

// SortedFailures returns failures sorted by their texts. counts maps each text to the
// number of times it occurred.
func SortedFailures(counts map[string]int) []Failure {
	var all []Failure
	for _, text := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, Failure{text, counts[text]})
	}
	return all
}

// failures writes etcdctl's lines about failures.
func (t *Text) failures(failures []Failure) {
	if len(failures) > 0 {
		t.Linef("FAIL: too many errors")
	}
	for _, f := range failures {
		t.Linef("FAIL: ERROR(%s) -> %d", f.Text, f.Count)
	}
}

func failureObjects(failures []Failure) []Object {
	objects := make([]Object, 0, len(failures))
	for _, f := range failures {
		objects = append(objects, Object{{"error", f.Text}, {"count", int64(f.Count)}})
	}
	return objects
}

func failureCount(failures []Failure) string {
	n := 0
	for _, f := range failures {
		n += f.Count
	}
	return strconv.Itoa(n)
}

// Performance is the result of "check perf": how fast a cluster is. etcdctl
// writes the same lines in each of its formats.
type Performance struct {
	Wanted     int     // writes a second
	Throughput float64 // writes a second
	Slowest    float64 // time of the slowest write, in seconds
	Deviation  float64 // standard deviation of write times, in seconds; NaN without writes
	Failures   []Failure
}

// The limits that a cluster must meet to pass, as in etcdctl.
const (
	minThroughput      = 0.9 // of the wanted rate
	slowestPermitted   = 0.5 // seconds
	deviationPermitted = 0.1 // seconds
)

func (r Performance) fastEnough() bool   { return r.Throughput/float64(r.Wanted) > minThroughput }
func (r Performance) neverTooSlow() bool { return r.Slowest <= slowestPermitted }

// steady reports whether the deviation is within its limit. It returns true if the
// deviation is NaN, as in etcdctl.
func (r Performance) steady() bool { return !(r.Deviation > deviationPermitted) }

// Passed reports whether there were no failures and all limits were met.
func (r Performance) Passed() bool {
	return len(r.Failures) == 0 && r.fastEnough() && r.neverTooSlow() && r.steady()
}

// writes returns the throughput as etcdctl prints it: rounded down, plus one.
func (r Performance) writes() int { return int(r.Throughput) + 1 }

// Simple implements Result.
func (r Performance) Simple(t *Text) {
	line := func(passed bool, pass, fail string, value any) {
		if !passed {
			pass = fail
		}
		t.Linef(pass, value)
	}
	t.failures(r.Failures)
	line(r.fastEnough(), "PASS: Throughput is %d writes/s", "FAIL: Throughput too low: %d writes/s", r.writes())
	line(r.neverTooSlow(), "PASS: Slowest request took %fs", "Slowest request took too long: %fs", r.Slowest)
	line(r.steady(), "PASS: Stddev is %fs", "Stddev too high: %fs", r.Deviation)
	t.Linef("%s", verdict(r.Passed()))
}

func verdict(passed bool) string {
	if passed {
		return "PASS"
	}
	return "FAIL"
}

// duration formats a time in seconds. It returns an empty string for NaN.
func duration(value float64) string {
	if math.IsNaN(value) {
		return ""
	}
	return strconv.FormatFloat(value, 'f', 6, 64)
}

func (r Performance) api() apiForms {
	return apiForms{simple: true}
}

// Table implements Result, for csv.
func (r Performance) Table() TableData {
	return oneRow("result", verdict(r.Passed()), "writes per second", strconv.Itoa(r.writes()), "wanted", strconv.Itoa(r.Wanted),
		"slowest seconds", duration(r.Slowest), "deviation seconds", duration(r.Deviation), "errors", failureCount(r.Failures))
}

// Document implements Result.
func (r Performance) Document() Object {
	object := Object{
		{"passed", r.Passed()},
		{"writes_per_second", int64(r.writes())},
		{"wanted_per_second", int64(r.Wanted)},
		{"slowest_microseconds", int64(math.Round(r.Slowest * microseconds))},
	}
	if !math.IsNaN(r.Deviation) {
		object = append(object, Member{"deviation_microseconds", int64(math.Round(r.Deviation * microseconds))})
	}
	return append(object, Member{"errors", failureObjects(r.Failures)})
}

const microseconds = 1e6 // in a second

// Datascale is the result of "check datascale": how much memory keys use.
type Datascale struct {
	Keys     int
	Memory   float64 // growth of the member's memory, in bytes
	Failures []Failure
}

const mebibyte = 1 << 20

// Passed reports whether all keys were written.
func (r Datascale) Passed() bool { return len(r.Failures) == 0 }

func (r Datascale) megabytes() string { return strconv.FormatFloat(r.Memory/mebibyte, 'f', 2, 64) }

// Simple implements Result.
func (r Datascale) Simple(t *Text) {
	if !r.Passed() {
		t.failures(r.Failures)
		return
	}
	t.Linef("PASS: Approximate system memory used : %s MB.", r.megabytes())
}

func (r Datascale) api() apiForms {
	return apiForms{simple: true}
}

// Table implements Result, for csv.
func (r Datascale) Table() TableData {
	return oneRow("result", verdict(r.Passed()), "keys", strconv.Itoa(r.Keys), "memory bytes", strconv.FormatInt(int64(r.Memory), 10), "errors", failureCount(r.Failures))
}

// Document implements Result.
func (r Datascale) Document() Object {
	return Object{
		{"passed", r.Passed()},
		{"keys", int64(r.Keys)},
		{"memory_bytes", int64(r.Memory)},
		{"errors", failureObjects(r.Failures)},
	}
}

// UnknownMemory is the result of "check datascale" if a member does not report its
// memory.
type UnknownMemory struct {
	Reason string
	When   string // "before" or "after" the keys were written
}

// Simple implements Result.
func (r UnknownMemory) Simple(t *Text) {
	t.Linef("%s", r.Reason)
	t.Linef("FAIL: Could not read process_resident_memory_bytes %s the put operations.", r.When)
}

func (r UnknownMemory) api() apiForms {
	return apiForms{simple: true}
}

// Table implements Result, for csv.
func (r UnknownMemory) Table() TableData {
	return oneRow("result", verdict(false), "reason", cell([]byte(r.Reason)))
}

// Document implements Result.
func (r UnknownMemory) Document() Object {
	return Object{{"passed", false}, {"error", r.Reason}}
}
