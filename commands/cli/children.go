package cli

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/etcd"
)

// Children selects the environment of the commands that a command runs.
type Children struct {
	KeepEnvSecrets bool // --keep-env-secrets
}

// FlagKeepEnvSecrets is the option of each command that runs other commands.
const FlagKeepEnvSecrets = "keep-env-secrets"

// AddFlags binds the options to flags. whose is the name of the child commands in the
// usage text.
func (c *Children) AddFlags(fs *pflag.FlagSet, whose string) {
	fs.BoolVar(&c.KeepEnvSecrets, FlagKeepEnvSecrets, false,
		"keep this program's login ("+strings.Join(secretVariables(etcdctlPrefix), ", ")+") in the environment of "+whose)
}

// ChildEnviron returns the environment for a command that the program runs. Unless
// keepSecrets is set, it omits the secret options of this program. It also omits
// variables with names that look like a secret of this program. The child command must
// not get the login of the cluster.
func (f *Factory) ChildEnviron(keepSecrets bool) []string {
	if keepSecrets {
		return slices.Clone(f.Streams.Environ)
	}
	// An ECTL_ variable may be a misspelled variable of this program.
	secret := append(secretVariables(etcdctlPrefix), secretVariables(ownPrefix)...)
	var environ []string
	for _, variable := range f.Streams.Environ {
		if name, _, _ := strings.Cut(variable, "="); !slices.Contains(secret, name) && !looksSecret(name) {
			environ = append(environ, variable)
		}
	}
	return environ
}

// looksSecret reports whether the name of a variable suggests a secret for this
// program. It may belong to another version, or to an option without a variable, such
// as ETCDCTL_DEST_PASSWORD. The path of a file with a secret is not a secret.
func looksSecret(name string) bool {
	if !strings.HasPrefix(name, etcdctlPrefix) && !strings.HasPrefix(name, ownPrefix) || strings.HasSuffix(name, "_FILE") {
		return false
	}
	for _, part := range []string{"PASSWORD", "TOKEN", "SECRET"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// secretVariables returns the variables with the prefix that may hold a secret. The
// path of a file with a secret is not a secret.
func secretVariables(prefix string) []string {
	var names []string
	for _, name := range etcd.SecretFlags() {
		names = append(names, prefix+variableSuffix(name))
	}
	return names
}
