//go:build !linux

package supervise

// setSubreaper does nothing, because this system cannot find the orphans of a command.
func setSubreaper(bool) {}

// startTime returns 0, which means unknown.
func startTime(int) uint64 { return 0 }

// descendants returns no processes, because they are unknown.
func descendants(uint64) (children, all []int) { return nil, nil }
