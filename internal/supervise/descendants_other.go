//go:build !linux

package supervise

// Inherit does nothing: this system has no way to find what a command leaves
// behind.
func Inherit(bool) {}

// Born is not known.
func Born(int) uint64 { return 0 }

// Descendants are not known.
func Descendants(uint64) (children, all []int) { return nil, nil }
