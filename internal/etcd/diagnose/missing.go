package diagnose

import (
	"context"
	"fmt"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/internal/suggest"
)

// reasonOfMissingUser names the user that does not exist, and the one with the closest
// name.
func (d *Diagnosis) reasonOfMissingUser(ctx context.Context) string {
	r, found := d.refusal(rpctypes.ErrUserNotFound.Error())
	if !found {
		return ""
	}
	user, _ := namesIn(r.Message)
	var who Identity
	if d.config.Identity != nil {
		who = d.config.Identity()
	}
	switch {
	case who.By == byCertificate && (user == "" || user == who.User):
		return noSuchCommonName(who.User)
	case user == "": // the request names none, so that of the client is missing
		return who.String() + " does not exist any more"
	}
	var users []string
	_ = d.ask(ctx, r, func(ctx context.Context, auth pb.AuthClient) error { // only root may list them
		response, err := auth.UserList(ctx, &pb.AuthUserListRequest{})
		users = response.GetUsers()
		return err
	})
	return fmt.Sprintf("there is no user %s", name(user)) + closest(user, users, "user list")
}

// reasonOfMissingRole names the role that does not exist, and the one with the closest
// name.
func (d *Diagnosis) reasonOfMissingRole(ctx context.Context) string {
	r, found := d.refusal(rpctypes.ErrRoleNotFound.Error())
	_, role := namesIn(r.Message)
	if !found || role == "" {
		return ""
	}
	var roles []string
	_ = d.ask(ctx, r, func(ctx context.Context, auth pb.AuthClient) error { // only root may list them
		response, err := auth.RoleList(ctx, &pb.AuthRoleListRequest{})
		roles = response.GetRoles()
		return err
	})
	return fmt.Sprintf("there is no role %s", name(role)) + closest(role, roles, "role list")
}

// reasonOfRoleNotGranted names the roles that the user has.
func (d *Diagnosis) reasonOfRoleNotGranted(ctx context.Context) string {
	r, found := d.refusal(rpctypes.ErrRoleNotGranted.Error())
	user, role := namesIn(r.Message)
	if !found || user == "" || role == "" {
		return ""
	}
	var roles []string
	err := d.ask(ctx, r, func(ctx context.Context, auth pb.AuthClient) error {
		response, err := auth.UserGet(ctx, &pb.AuthUserGetRequest{Name: user})
		roles = response.GetRoles()
		return err
	})
	says := fmt.Sprintf("user %s does not have the role %s", name(user), name(role))
	switch {
	case err != nil:
	case len(roles) == 0:
		says += ", and has no other"
	case len(roles) <= maxShown:
		var names []string
		for _, role := range roles {
			names = append(names, name(role))
		}
		says += "; it has " + strings.Join(names, ", ")
	default:
		says += closest(role, roles, "user get "+name(user))
	}
	return says
}

// namesIn returns the user and the role that a request names.
func namesIn(message any) (user, role string) {
	switch m := message.(type) {
	case *pb.AuthUserGetRequest:
		return m.GetName(), ""
	case *pb.AuthUserDeleteRequest:
		return m.GetName(), ""
	case *pb.AuthUserChangePasswordRequest:
		return m.GetName(), ""
	case *pb.AuthUserGrantRoleRequest:
		return m.GetUser(), m.GetRole()
	case *pb.AuthUserRevokeRoleRequest:
		return m.GetName(), m.GetRole()
	case *pb.AuthRoleGetRequest:
		return "", m.GetRole()
	case *pb.AuthRoleDeleteRequest:
		return "", m.GetRole()
	case *pb.AuthRoleGrantPermissionRequest:
		return "", m.GetName()
	case *pb.AuthRoleRevokePermissionRequest:
		return "", m.GetRole()
	}
	return "", ""
}

// closest returns the end of an error about a name that is not known: the name that is
// probably meant, or the command that lists the known ones.
func closest(wrong string, known []string, list string) string {
	switch hint := suggest.Hint(wrong, known); {
	case hint != "":
		return "; " + hint
	case len(known) > 0:
		return fmt.Sprintf("; %q shows all", list)
	}
	return ""
}
