//go:build !linux

package supervise

// setSubreaper does nothing: this system has no way to find what a command leaves
// behind.
func setSubreaper(bool) {}

// startTime is not known.
func startTime(int) uint64 { return 0 }

// descendants are not known.
func descendants(uint64) (children, all []int) { return nil, nil }
