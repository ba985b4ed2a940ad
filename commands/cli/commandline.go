package cli

import (
	"slices"

	"github.com/ectl-io/ectl/internal/shell"
)

// CommandLine writes args as a command line of the program that the user may
// copy. ok is false if no command line has them, see shell.Quote.
func (f *Factory) CommandLine(args ...string) (line string, ok bool) {
	return shell.Line(slices.Concat([]string{f.Program}, args)...)
}

// NoCommandLine says what to do in place of a command about users or roles that
// has no command line.
const NoCommandLine = "no command line can hold a name or key that has a NUL or ends with a line break: use rbac apply with a policy file"
