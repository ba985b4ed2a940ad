package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
)

// Prefixes of the environment variables for global options. Both work for every option.
// The documented one is etcdctlPrefix for etcdctl's options, and ownPrefix for options
// that etcdctl does not have.
const (
	etcdctlPrefix = "ETCDCTL_"
	ownPrefix     = "ECTL_"
)

// ownFlag reports whether name is a global flag that etcdctl does not have.
func ownFlag(name string) bool {
	return name == flagQuiet || name == FlagColour || name == FlagErrorFormat || name == FlagContext || name == FlagAs || name == etcd.FlagPasswordFile || name == etcd.FlagTokenFile
}

// Variable returns the documented name of the environment variable that sets the global
// flag name.
func Variable(name string) string { return variables(name)[0] }

// variables returns both names of the environment variable that sets the global flag
// name, the documented one first.
func variables(name string) [2]string {
	suffix := variableSuffix(name)
	if ownFlag(name) {
		return [2]string{ownPrefix + suffix, etcdctlPrefix + suffix}
	}
	return [2]string{etcdctlPrefix + suffix, ownPrefix + suffix}
}

// variableSuffix returns the name of a flag in the spelling of variables.
func variableSuffix(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }

// silentVariables returns the known variables without a global flag: the API version of
// etcdctl, which is always 3, the arguments of watch, and the variables that commands of
// watch and elect get.
func silentVariables() []string {
	return []string{
		"ETCDCTL_API", "ETCDCTL_WATCH_KEY", "ETCDCTL_WATCH_RANGE_END",
		"ECTL_WATCH_KEY", "ECTL_WATCH_VALUE", "ECTL_WATCH_PREV_VALUE", "ECTL_ELECTION_KEY", "ECTL_ELECTION_REV",
	}
}

// applyEnvironment sets options from the environment if the command line does not set
// them. As in etcdctl, it is an error to set an option of etcdctl on the command line and
// with its ETCDCTL_ variable, even if the variable is empty. It is also an error if both
// variables of an option have different values. Values are never shown, because they may
// be secrets.
func (f *Factory) applyEnvironment() error {
	if !f.hasVariables() {
		return nil
	}
	known := map[string]bool{}
	for _, name := range silentVariables() {
		known[name] = true
	}
	var conflict error
	var warnings []string
	f.globals.VisitAll(func(flag *pflag.Flag) {
		names := variables(flag.Name)
		known[names[0]], known[names[1]] = true, true
		value, set := f.Streams.LookupEnv(names[0])
		other, _ := f.Streams.LookupEnv(names[1])
		switch {
		case set && flag.Changed && !ownFlag(flag.Name):
			conflict = exit.With(exit.Error, fmt.Errorf(
				"--%s is also set by the environment variable %s: unset the variable or leave out the option", flag.Name, names[0]))
		case flag.Changed:
		case value != "" && other != "" && value != other:
			conflict = exit.With(exit.Error, fmt.Errorf("%s and %s have different values: unset one of them", names[0], names[1]))
		case value != "":
			warnings = append(warnings, f.setFromVariable(flag, names[0], value)...)
		case other != "":
			warnings = append(warnings, f.setFromVariable(flag, names[1], other)...)
		}
	})
	if conflict != nil {
		return conflict
	}
	for _, env := range f.Streams.Environ {
		name, _, _ := strings.Cut(env, "=")
		if !known[name] {
			warnings = append(warnings, f.unknownVariable(name)...)
		}
	}
	for _, warning := range warnings {
		f.Warn(warning)
	}
	return nil
}

// hasVariables reports whether the environment has a variable with one of the prefixes.
// Most often it has none, and then the start need not build the names of all variables.
func (f *Factory) hasVariables() bool {
	return slices.ContainsFunc(f.Streams.Environ, func(env string) bool {
		return strings.HasPrefix(env, etcdctlPrefix) || strings.HasPrefix(env, ownPrefix)
	})
}

// setFromVariable sets the flag to the value of a variable. A value that is invalid is
// ignored, as in etcdctl, and returned as a warning.
func (f *Factory) setFromVariable(flag *pflag.Flag, variable, value string) (warnings []string) {
	before := flag.Value.String()
	if err := f.globals.Set(flag.Name, value); err != nil {
		if flag.Value.String() != before {
			// pflag stores the zero value before it reports the error.
			_ = flag.Value.Set(before)
		}
		warning := fmt.Sprintf("%s is ignored: its value is invalid for --%s", variable, flag.Name)
		if hint := ValueHint(flag, value); hint != "" {
			warning += "; " + hint
		}
		return append(warnings, warning)
	}
	f.setOrigin(flag.Name, variable)
	return nil
}

// unknownVariable returns a warning if the name of a variable has one of the prefixes.
// The warning contains the variable that is probably meant.
func (f *Factory) unknownVariable(name string) (warnings []string) {
	for _, prefix := range []string{etcdctlPrefix, ownPrefix} {
		suffix, found := strings.CutPrefix(name, prefix)
		if !found {
			continue
		}
		meant := flagsLike(strings.ToLower(strings.ReplaceAll(suffix, "_", "-")), f.globals)
		for i, flag := range meant {
			meant[i] = prefix + variableSuffix(flag)
		}
		warnings = append(warnings, fmt.Sprintf("the environment variable %s is unknown%s", name, hint(meant)))
	}
	return warnings
}

// emptyVariable returns the name of the variable of a global flag that is set and empty,
// or an empty string. An inner command line takes nothing from the environment.
func (f *Factory) emptyVariable(flag string) string {
	if f.outer != nil || !f.hasVariables() {
		return ""
	}
	for _, name := range variables(flag) {
		if value, set := f.Streams.LookupEnv(name); set && value == "" {
			return name
		}
	}
	return ""
}

// notEmpty refuses an empty file name, which may come from an unset variable of a
// script. Ignoring it would silently change the connection.
func notEmpty(flag *pflag.Flag) error {
	if flag.Changed && flag.Value.String() == "" {
		return exit.BadArgsf("--%s is empty: give a file name, or leave out the option", flag.Name)
	}
	return nil
}
