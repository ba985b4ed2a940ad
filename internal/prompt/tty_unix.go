//go:build !windows

package prompt

// ttyPath is the controlling terminal.
const (
	ttyPath  = "/dev/tty"
	ttyInput = "/dev/tty"
)
