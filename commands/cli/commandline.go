package cli

import (
	"slices"
	"strings"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/rollback"
	"github.com/ectl-io/ectl/internal/shell"
)

// CommandLine formats args as a command line of the program for the user to copy. ok is
// false if no command line can represent args, see shell.Quote.
func (f *Factory) CommandLine(args ...string) (line string, ok bool) {
	return shell.Line(slices.Concat([]string{f.Program}, args)...)
}

// NoCommandLine is the advice if no command line can represent a change of users or
// roles.
const NoCommandLine = "a name or key with a NUL or a final line break cannot be written in a command line: use \"rbac apply\" with a policy file"

// StepLine returns the command line that performs the step, or NoCommandLine if no
// command line can represent it.
func (f *Factory) StepLine(s plan.Step) string {
	line, ok := f.CommandLine(StepArgs(s)...)
	if !ok {
		return NoCommandLine
	}
	return line
}

// Changes starts a sequence of changes of users and roles. Either all of them are made,
// or none.
func (f *Factory) Changes() *rollback.Sequence { return rollback.New(f.Session, f.Rollbacks()) }

// Rollbacks returns the functions that report rolled back changes to the user.
func (f *Factory) Rollbacks() rollback.Report {
	return rollback.Report{Say: f.Say, Command: f.StepLine}
}

// CommandArgs returns the arguments of the command at path, for example "user delete".
// It adds "--" and puts the positional arguments last if one of them looks like a flag.
func CommandArgs(path string, flags []string, positional ...string) []string {
	args := strings.Fields(path)
	if slices.ContainsFunc(positional, func(word string) bool { return strings.HasPrefix(word, "-") }) {
		return slices.Concat(args, flags, []string{"--"}, positional)
	}
	return slices.Concat(args, positional, flags)
}

// StepArgs returns the arguments of the command that performs the step.
func StepArgs(s plan.Step) []string {
	switch s.Verb {
	case plan.AddRole:
		return CommandArgs("role add", nil, s.Role)
	case plan.DeleteRole:
		return CommandArgs("role delete", nil, s.Role)
	case plan.GrantKeys:
		keys, flags := rangeArgs(s.Permission.Range)
		return CommandArgs("role grant-permission", flags, slices.Concat([]string{s.Role, s.Permission.Access.String()}, keys)...)
	case plan.RevokeKeys: // a range must be written as it was granted
		keys, flags := rangeArgs(s.Permission.Range)
		return CommandArgs("role revoke-permission", flags, slices.Concat([]string{s.Role}, keys)...)
	case plan.AddUser:
		return CommandArgs("user add", nil, s.User)
	case plan.DeleteUser:
		return CommandArgs("user delete", nil, s.User)
	case plan.SetPassword:
		return CommandArgs("user passwd", nil, s.User)
	case plan.GrantRole:
		return CommandArgs("user grant-role", nil, s.User, s.Role)
	case plan.RevokeRole:
	}
	return CommandArgs("user revoke-role", nil, s.User, s.Role)
}

// rangeArgs returns the range as arguments of a command: KEY [END], or KEY with
// --prefix or --from-key.
func rangeArgs(r access.Range) (keys, flags []string) {
	keys = []string{string(r.Key)}
	switch {
	case r.IsEveryKey():
		return []string{""}, []string{"--prefix"}
	case r.IsPrefix():
		flags = []string{"--prefix"}
	case string(r.End) == access.OpenEnd:
		flags = []string{"--from-key"}
	case len(r.End) > 0:
		keys = append(keys, string(r.End))
	}
	return keys, flags
}
