package rbac

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/reconcile"
	"github.com/ectl-io/ectl/internal/exit"
)

// policyFiles holds the paths of the policy files of a command.
type policyFiles struct {
	Paths []string // paths of files and folders; secret.Stdin is standard input
}

const flagFile = "file"

func (o *policyFiles) addFlags(fs *pflag.FlagSet) {
	fs.StringArrayVarP(&o.Paths, flagFile, "f", nil, "policy `file` or folder (-: standard input); repeatable")
}

func (o *policyFiles) validate() error {
	if len(o.Paths) == 0 {
		return exit.BadArgsf("no policy file: give one with -f")
	}
	return nil
}

// read reads the policy. The error lists all mistakes in the policy, and has the status
// InvalidInput.
func (o *policyFiles) read(ctx context.Context, f *cli.Factory) (policy.Policy, error) {
	return reconcile.ReadPolicy(ctx, f.Stdin(), o.Paths)
}
