package cli

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/etcd"
)

// Children is what the commands that a command runs find in their environment.
type Children struct {
	KeepEnvSecrets bool // --keep-env-secrets
}

// FlagKeepEnvSecrets is the option of each command that runs others.
const FlagKeepEnvSecrets = "keep-env-secrets"

// AddFlags binds the options to flags. whose says which commands are run.
func (c *Children) AddFlags(fs *pflag.FlagSet, whose string) {
	fs.BoolVar(&c.KeepEnvSecrets, FlagKeepEnvSecrets, false,
		"leave this program's login ("+strings.Join(secretVariables(etcdctlPrefix), ", ")+") in the environment of "+whose)
}

// ChildEnviron returns the environment of a command that the program runs. It has
// no secret that is an option of this program, unless keepSecrets says so: a
// command that was started for one job is not trusted with the cluster's login.
func (f *Factory) ChildEnviron(keepSecrets bool) []string {
	if keepSecrets {
		return slices.Clone(f.Streams.Environ)
	}
	// An ECTL_ variable is none of ours, but may have been taken for one.
	secret := append(secretVariables(etcdctlPrefix), secretVariables(ownPrefix)...)
	var environ []string
	for _, variable := range f.Streams.Environ {
		if name, _, _ := strings.Cut(variable, "="); !slices.Contains(secret, name) {
			environ = append(environ, variable)
		}
	}
	return environ
}

// secretVariables are the variables with the prefix that may hold a secret. The
// path of a file with one is none.
func secretVariables(prefix string) []string {
	var names []string
	for _, name := range etcd.SecretFlags() {
		names = append(names, prefix+variableSuffix(name))
	}
	return names
}
