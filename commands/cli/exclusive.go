package cli

import (
	"strings"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/exit"
)

// Exclusive refuses more than one of the flags with these names. A boolean flag that is
// given as false does not count. The error has the status BadArgs.
func Exclusive(flags *pflag.FlagSet, names ...string) error {
	var given []string
	for _, name := range names {
		if flag := flags.Lookup(name); flag != nil && flag.Changed && (flag.Value.Type() != "bool" || flag.Value.String() != "false") {
			given = append(given, "--"+name)
		}
	}
	if len(given) < 2 {
		return nil
	}
	return exit.BadArgsf("%s exclude each other: choose one", strings.Join(given, " and "))
}
