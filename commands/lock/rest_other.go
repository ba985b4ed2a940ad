//go:build !linux

package lock

// inherit does nothing: this system has no way to find what a command leaves
// behind.
func inherit(bool) {}

// born is not known.
func born(int) uint64 { return 0 }

// processes are not known.
func processes(uint64) (children, all []int) { return nil, nil }
