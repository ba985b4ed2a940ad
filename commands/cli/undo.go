package cli

import (
	"slices"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/shell"
)

// Undo returns the command lines, without the program's name, that take back what the
// command has changed of users, roles and permissions. before holds the permissions that
// the role of a granted permission had before. changed reports that the command has changed
// something. If no commands take it back, or if they are not known, there are none.
func (f *Factory) Undo(before []access.Permission) (lines []string, changed bool) {
	added, others := f.Connection.Changes.Added()
	steps := f.restore
	if len(steps) == 0 && others == 0 {
		for _, request := range slices.Backward(added) {
			steps = append(steps, inverse(request, before))
		}
	}
	for _, step := range steps {
		line, ok := shell.Line(StepArgs(step)...)
		if !ok {
			return nil, true
		}
		lines = append(lines, line)
	}
	return lines, len(added)+others > 0
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
