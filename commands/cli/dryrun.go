package cli

import (
	"errors"
	"io"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/authpb"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/protobuf/proto"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/output"
)

// FlagDryRun is the option of each command that can show its effect without it.
const FlagDryRun = "dry-run"

// DryRun adds --dry-run to a command that sends requests that make changes. In a dry run
// the command runs as usual, but no change is sent and its result is not printed. The
// requests that would be sent are printed instead.
func DryRun(f *Factory, cmd *cobra.Command) *cobra.Command {
	dry := false
	cmd.Flags().BoolVar(&dry, FlagDryRun, false, "print the requests that would make changes, and send none of them")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case !dry:
			return f.rehearseOr(cmd, args, run)
		case f.rehearsal != nil: // a line of a script that is itself a dry run changes nothing
			return nil
		}
		return f.runDry(cmd, args, run, etcd.NewDryRun(), func(requests []string) error {
			if err := errors.Join(f.Print(output.DryRun{Requests: requests}), f.printer.Flush()); err != nil {
				return err
			}
			f.Say("dry run: " + quantity.Of(len(requests), "request") + " would be sent; nothing was changed")
			return nil
		})
	}
	return cmd
}

// Rehearsable is DryRun for a command that has an option of that name with another
// meaning. Only a script runs it dry.
func Rehearsable(f *Factory, cmd *cobra.Command) *cobra.Command {
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return f.rehearseOr(cmd, args, run) }
	return cmd
}

// Rehearsal is a dry run of several command lines. Later lines see the users and roles as
// the earlier ones would have left them.
type Rehearsal struct {
	dry *etcd.DryRun

	// Report gets the requests that a command line would send.
	Report func(requests []string)
}

// NewRehearsal returns a Rehearsal without command lines.
func NewRehearsal() *Rehearsal { return &Rehearsal{dry: etcd.NewDryRun()} }

// Rehearse makes the command line of f part of a dry run. A command that changes nothing,
// or more than requests change, is only parsed.
func (f *Factory) Rehearse(r *Rehearsal) { f.rehearsal = r }

func (f *Factory) rehearseOr(cmd *cobra.Command, args []string, run func(*cobra.Command, []string) error) error {
	if f.rehearsal == nil {
		return run(cmd, args)
	}
	return f.runDry(cmd, args, run, f.rehearsal.dry, func(requests []string) error {
		f.rehearsal.Report(requests)
		return nil
	})
}

// DryRun reports whether no change is sent.
func (f *Factory) DryRun() bool { return f.Connection.DryRun != nil }

// runDry runs a command dry and passes its requests to report.
func (f *Factory) runDry(cmd *cobra.Command, args []string, run func(*cobra.Command, []string) error, dry *etcd.DryRun, report func([]string) error) error {
	f.formats = Formats(cmd)
	if err := f.Prepare(); err != nil {
		return err
	}
	printer := f.printer
	discard, err := output.NewPrinter(io.Discard, string(printer.Format()), []output.Format{printer.Format()}, false)
	if err != nil {
		return err
	}
	f.printer, f.Connection.DryRun = discard, dry
	err = run(cmd, args)
	f.printer = printer
	withheld := dry.Take()
	if err != nil && !errors.Is(err, etcd.ErrDryRunOver) {
		return notChanged(err)
	}
	var requests []string
	for _, w := range withheld {
		requests = append(requests, describeWithheld(w))
	}
	return report(requests)
}

// notChanged corrects the outcome of changes in the error of a dry run, because none of
// them was made.
func notChanged(err error) error {
	if !diagnose.HasOutcome(err) {
		return err
	}
	return exit.With(exit.CodeOf(err), diagnose.WithOutcome(diagnose.WithoutOutcome(err), "dry run: nothing was changed"))
}

// WithholdPlan records the requests of a plan in a dry run. It returns the error that
// ends the command, because a plan is verified by reading its effect.
func (f *Factory) WithholdPlan(p *plan.Plan) error {
	for _, stage := range p.Stages {
		for _, step := range stage {
			f.Connection.DryRun.Withhold(requestOf(step))
		}
	}
	return etcd.ErrDryRunOver
}

// requestOf returns the request of a step.
func requestOf(s plan.Step) proto.Message {
	switch s.Verb {
	case plan.AddRole:
		return &pb.AuthRoleAddRequest{Name: s.Role}
	case plan.DeleteRole:
		return &pb.AuthRoleDeleteRequest{Role: s.Role}
	case plan.GrantKeys:
		return &pb.AuthRoleGrantPermissionRequest{Name: s.Role, Perm: &authpb.Permission{
			PermType: authpb.Permission_Type(reader.PermissionType(s.Permission.Access)),
			Key:      s.Permission.Range.Key, RangeEnd: s.Permission.Range.End,
		}}
	case plan.RevokeKeys:
		return &pb.AuthRoleRevokePermissionRequest{Role: s.Role, Key: s.Permission.Range.Key, RangeEnd: s.Permission.Range.End}
	case plan.AddUser:
		return &pb.AuthUserAddRequest{Name: s.User}
	case plan.DeleteUser:
		return &pb.AuthUserDeleteRequest{Name: s.User}
	case plan.SetPassword:
		return &pb.AuthUserChangePasswordRequest{Name: s.User}
	case plan.GrantRole:
		return &pb.AuthUserGrantRoleRequest{User: s.User, Role: s.Role}
	case plan.RevokeRole:
	}
	return &pb.AuthUserRevokeRoleRequest{Name: s.User, Role: s.Role}
}

// stepOf returns the step that a request makes. ok is false for requests that do not
// concern users and roles.
func stepOf(request proto.Message) (s plan.Step, ok bool) {
	switch r := request.(type) {
	case *pb.AuthRoleAddRequest:
		return plan.Step{Verb: plan.AddRole, Role: r.GetName()}, true
	case *pb.AuthRoleDeleteRequest:
		return plan.Step{Verb: plan.DeleteRole, Role: r.GetRole()}, true
	case *pb.AuthRoleGrantPermissionRequest:
		return plan.Step{Verb: plan.GrantKeys, Role: r.GetName(), Permission: reader.Permission(r.GetPerm())}, true
	case *pb.AuthRoleRevokePermissionRequest:
		keys := access.Range{Key: r.GetKey(), End: r.GetRangeEnd()}
		return plan.Step{Verb: plan.RevokeKeys, Role: r.GetRole(), Permission: access.Permission{Range: keys}}, true
	case *pb.AuthUserAddRequest:
		return plan.Step{Verb: plan.AddUser, User: r.GetName()}, true
	case *pb.AuthUserDeleteRequest:
		return plan.Step{Verb: plan.DeleteUser, User: r.GetName()}, true
	case *pb.AuthUserChangePasswordRequest:
		return plan.Step{Verb: plan.SetPassword, User: r.GetName()}, true
	case *pb.AuthUserGrantRoleRequest:
		return plan.Step{Verb: plan.GrantRole, User: r.GetUser(), Role: r.GetRole()}, true
	case *pb.AuthUserRevokeRoleRequest:
		return plan.Step{Verb: plan.RevokeRole, User: r.GetName(), Role: r.GetRole()}, true
	}
	return s, false
}
