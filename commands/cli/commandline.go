package cli

import (
	"slices"
	"strings"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/rollback"
	"github.com/ectl-io/ectl/internal/shell"
)

// CommandLine writes args as a command line of the program that the user may
// copy. ok is false if no command line has them, see shell.Quote.
func (f *Factory) CommandLine(args ...string) (line string, ok bool) {
	return shell.Line(slices.Concat([]string{f.Program}, args)...)
}

// NoCommandLine is the advice if a change of users or roles cannot be written as a
// command line.
const NoCommandLine = "a name or key with a NUL or a final line break cannot be written in a command line: use \"rbac apply\" with a policy file"

// StepLine writes the command that does the step as a command line, or says what to
// do if it has none.
func (f *Factory) StepLine(s plan.Step) string {
	line, ok := f.CommandLine(StepArgs(s)...)
	if !ok {
		return NoCommandLine
	}
	return line
}

// Changes begins several changes of users and roles that are made all or not at all.
func (f *Factory) Changes() *rollback.Sequence { return rollback.New(f.Session, f.Rollbacks()) }

// Rollbacks is how changes that are rolled back talk to the user.
func (f *Factory) Rollbacks() rollback.Report {
	return rollback.Report{Say: f.Say, Command: f.StepLine}
}

// CommandArgs returns the arguments of the command at path, "user delete". A --
// stands before its positional arguments if one of them would be taken for a flag.
func CommandArgs(path string, flags []string, positional ...string) []string {
	args := strings.Fields(path)
	if slices.ContainsFunc(positional, func(word string) bool { return strings.HasPrefix(word, "-") }) {
		return slices.Concat(args, flags, []string{"--"}, positional)
	}
	return slices.Concat(args, positional, flags)
}

// StepArgs returns the arguments of the command that does the step.
func StepArgs(s plan.Step) []string {
	switch s.Verb {
	case plan.AddRole:
		return CommandArgs("role add", nil, s.Role)
	case plan.DeleteRole:
		return CommandArgs("role delete", nil, s.Role)
	case plan.GrantKeys:
		keys, flags := rangeArgs(s.Permission.Range)
		return CommandArgs("role grant-permission", flags, slices.Concat([]string{s.Role, s.Permission.Access.String()}, keys)...)
	case plan.RevokeKeys: // a range has to be written as it was granted
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

// rangeArgs writes the range as arguments of a command: KEY [END], or KEY with
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
