package cli

import (
	"slices"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/shell"
)

// Undo is how a change of users, roles and permissions is taken back.
type Undo struct {
	Lines  []string // command lines without the program's name; none if no commands do it
	Reason string   // why there are none, if it is known
}

// UndoneBy records the arguments of the command that takes back what this one changes.
func (f *Factory) UndoneBy(args ...string) {
	f.undo = Undo{Reason: "its command cannot be typed"}
	if line, ok := shell.Line(args...); ok {
		f.undo = Undo{Lines: []string{line}}
	}
}

// NotUndone records why no command takes back what this one changes.
func (f *Factory) NotUndone(reason string) { f.undo = Undo{Reason: reason} }

// Undo returns how to take back what the command has changed. before holds the permissions
// that the role of a granted permission had before. changed reports that the command has
// changed something.
func (f *Factory) Undo(before []access.Permission) (undo Undo, changed bool) {
	added, others := f.Connection.Changes.Added()
	changed = len(added)+others > 0
	if f.undo.Lines != nil || f.undo.Reason != "" {
		return f.undo, changed
	}
	steps := f.restore
	if len(steps) == 0 && others == 0 {
		for _, request := range slices.Backward(added) {
			steps = append(steps, inverse(request, before))
		}
	}
	for _, step := range steps {
		line, ok := shell.Line(StepArgs(step)...)
		if !ok {
			return Undo{}, true
		}
		undo.Lines = append(undo.Lines, line)
	}
	return undo, changed
}

// inverse returns the step that takes back what a request has added.
func inverse(request any, before []access.Permission) plan.Step {
	switch r := request.(type) {
	case *pb.AuthUserAddRequest:
		return plan.Step{Verb: plan.DeleteUser, User: r.GetName()}
	case *pb.AuthRoleAddRequest:
		return plan.Step{Verb: plan.DeleteRole, Role: r.GetName()}
	case *pb.AuthRoleGrantPermissionRequest:
		granted := reader.Permission(r.GetPerm())
		for _, had := range before {
			if had.Range.String() == granted.Range.String() { // it was replaced
				return plan.Step{Verb: plan.GrantKeys, Role: r.GetName(), Permission: had}
			}
		}
		return plan.Step{Verb: plan.RevokeKeys, Role: r.GetName(), Permission: granted}
	}
	grant, _ := request.(*pb.AuthUserGrantRoleRequest)
	return plan.Step{Verb: plan.RevokeRole, User: grant.GetUser(), Role: grant.GetRole()}
}
