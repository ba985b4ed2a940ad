package supervise

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// setSubreaper makes the program the parent of the orphans of its command. If on is
// false, it stops that.
func setSubreaper(on bool) {
	value := uintptr(0)
	if on {
		value = 1
	}
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, value, 0, 0, 0)
}

// startTime returns when a process started, in ticks since the system started. It returns
// 0 if the process is gone.
func startTime(pid int) uint64 {
	p, _ := readStat(strconv.Itoa(pid))
	return p.started
}

// descendants returns the program's children, and all processes below it, in its own
// session. A daemon has left the session, because it is meant to outlive the process that
// started it. Processes that started earlier than since do not belong to the command: a
// script can start processes and then become this program.
func descendants(since uint64) (children, all []int) {
	session, err := unix.Getsid(0)
	if err != nil {
		return nil, nil
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, nil
	}
	below := map[int][]int{}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue // not a process
		}
		if p, ok := readStat(entry.Name()); ok && !p.ended && p.session == session && p.started >= since {
			below[p.parent] = append(below[p.parent], pid)
		}
	}
	children = below[os.Getpid()]
	all = slices.Clone(children)
	for i := 0; i < len(all); i++ {
		all = append(all, below[all[i]]...)
	}
	return children, all
}

// processStat has some of the fields of a process's stat file, see proc(5).
type processStat struct {
	parent, session int
	started         uint64 // in ticks since the system started
	ended           bool   // and its parent has not waited for it
}

// readStat reads the stat file of a process. It returns false if the process is gone.
func readStat(pid string) (processStat, bool) {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return processStat{}, false
	}
	return parseStat(text)
}

// parseStat parses PID (NAME) STATE PARENT GROUP SESSION and so on. NAME may contain any
// characters.
func parseStat(text []byte) (processStat, bool) {
	const state, parent, session, started = 0, 1, 3, 19 // positions after the name
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) <= started {
		return processStat{}, false
	}
	var p processStat
	var errs [3]error
	p.parent, errs[0] = strconv.Atoi(string(fields[parent]))
	p.session, errs[1] = strconv.Atoi(string(fields[session]))
	p.started, errs[2] = strconv.ParseUint(string(fields[started]), 10, 64)
	p.ended = string(fields[state]) == "Z" || string(fields[state]) == "X"
	return p, errors.Join(errs[:]...) == nil
}
