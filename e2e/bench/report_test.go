package main

import (
	"strings"
	"testing"
	"time"
)

func TestReportCountsTargetsMissed(t *testing.T) {
	var r report
	r.compare("version", "CPU", 3*time.Millisecond, 4*time.Millisecond, 0.75, 0.75)
	r.compare("version", "wall", 9*time.Millisecond, 4*time.Millisecond, 2.25, 0)
	r.limit("get", "peak memory", size(41<<20), size(800<<20), 40, "MiB", 1<<20)
	var out strings.Builder
	targets, missed, err := r.print(&out)
	if err != nil || targets != 2 || missed != 1 {
		t.Errorf("%d targets, %d missed, %v; want 2, 1 and no error:\n%s", targets, missed, err, out.String())
	}
}

func TestMedianIsTheMiddleOne(t *testing.T) {
	samples := []usage{{wall: 9}, {wall: 1}, {wall: 3}}
	if got := median(samples, func(u usage) time.Duration { return u.wall }); got != 3 {
		t.Errorf("median %d, want 3", got)
	}
}
