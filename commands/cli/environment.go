package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
)

// Prefixes of the environment variables for global options. etcdctlPrefix is for
// etcdctl's options, ownPrefix for options that etcdctl does not have.
const (
	etcdctlPrefix = "ETCDCTL_"
	ownPrefix     = "ECTL_"
)

// ownFlag reports whether name is a global flag that etcdctl does not have.
func ownFlag(name string) bool {
	return name == flagQuiet || name == FlagColour || name == etcd.FlagPasswordFile || name == etcd.FlagTokenFile
}

// Variable returns the name of the environment variable that sets the global
// flag name.
func Variable(name string) string {
	prefix := etcdctlPrefix
	if ownFlag(name) {
		prefix = ownPrefix
	}
	return prefix + variableSuffix(name)
}

// variableSuffix returns the name of a flag in the spelling of variables.
func variableSuffix(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }

// silentVariables returns the known variables without a global flag: the API version of
// etcdctl, which is always 3, and the arguments of watch.
func silentVariables() []string {
	return []string{"ETCDCTL_API", "ETCDCTL_WATCH_KEY", "ETCDCTL_WATCH_RANGE_END"}
}

// applyEnvironment sets options from the environment if the command line does not set
// them. As in etcdctl, it is an error to set an option in both ways, even if the
// variable is empty. Values are never shown, because they may be secrets.
func (f *Factory) applyEnvironment() error {
	known := map[string]bool{}
	for _, name := range silentVariables() {
		known[name] = true
	}
	var conflict error
	var warnings []string
	f.globals.VisitAll(func(flag *pflag.Flag) {
		variable := Variable(flag.Name)
		known[variable] = true
		value, set := f.Streams.LookupEnv(variable)
		switch {
		case set && flag.Changed && !ownFlag(flag.Name):
			conflict = exit.With(exit.Error, fmt.Errorf(
				"--%s is also set by the environment variable %s: unset the variable or leave out the option", flag.Name, variable))
		case value == "" || flag.Changed:
		default:
			before := flag.Value.String()
			if err := f.globals.Set(flag.Name, value); err != nil {
				if flag.Value.String() != before {
					// pflag stores the zero value before it reports the error.
					_ = flag.Value.Set(before)
				}
				warnings = append(warnings, fmt.Sprintf("%s is ignored: its value is invalid for --%s", variable, flag.Name))
			}
		}
	})
	if conflict != nil {
		return conflict
	}
	for _, env := range f.Streams.Environ {
		name, _, _ := strings.Cut(env, "=")
		if strings.HasPrefix(name, etcdctlPrefix) && !known[name] {
			warnings = append(warnings, fmt.Sprintf("the environment variable %s is unknown", name))
		}
	}
	for _, warning := range warnings {
		f.Warn(warning)
	}
	return nil
}

// notEmpty refuses an empty file name, which may come from an unset variable of a
// script. Ignoring it would silently change the connection.
func notEmpty(flag *pflag.Flag) error {
	if flag.Changed && flag.Value.String() == "" {
		return exit.BadArgsf("--%s is empty: give a file name, or leave out the option", flag.Name)
	}
	return nil
}
