package secret

import (
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/exit"
)

// FileVar binds a flag that names the file of a secret. It refuses an empty name, for
// example from an unset variable of a script. Otherwise the secret would come from
// another source.
func FileVar(fs *pflag.FlagSet, path *string, name, usage string) {
	fs.Var((*fileName)(path), name, usage)
}

type fileName string

// String implements pflag.Value.
func (n *fileName) String() string { return string(*n) }

// Set implements pflag.Value.
func (n *fileName) Set(value string) error {
	if value == "" {
		return exit.BadArgsf("the file name is empty")
	}
	*n = fileName(value)
	return nil
}

// Type implements pflag.Value.
func (*fileName) Type() string { return "string" }
