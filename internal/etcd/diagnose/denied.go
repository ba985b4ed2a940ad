package diagnose

import (
	"context"
	"errors"
	"fmt"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/access"
)

// isDenied reports whether err refuses a request for lack of a permission.
func isDenied(err error) bool {
	if errors.Is(err, rpctypes.ErrPermissionDenied) {
		return true
	}
	_, fromServer := status.FromError(err)
	return fromServer && status.Convert(err).Message() == deniedBefore36
}

// reasonOfDenial names the user, what was asked, and the command that explains the
// refusal.
func (d *Diagnosis) reasonOfDenial(ctx context.Context) string {
	r, found := d.refusal(rpctypes.ErrPermissionDenied.Error(), deniedBefore36)
	if !found {
		r = d.watched()
	}
	if r.Message == nil && r.Method == "" || d.config.Identity == nil {
		return ""
	}
	who := d.config.Identity()
	if who.By == "" {
		return "" // servers refuse such a client with another error
	}
	if who.By == byCertificate && (who.User == "" || d.isNoUser(ctx, r, who.User)) {
		return noSuchCommonName(who.User)
	}
	if who.User == access.RootUser {
		return "root may do everything, but etcd 3.5 can refuse it shortly after a change of users; try again"
	}
	if all := keyAccesses(r.Message); len(all) > 0 {
		return fmt.Sprintf("%s may not %s; \"%s\" shows what is missing", who, describeAccesses(all), canI(all[0]))
	}
	switch m := r.Message.(type) {
	case *pb.LeaseTimeToLiveRequest:
		return fmt.Sprintf("%s may not read all keys of lease %x; \"whoami\" shows what it may read", who, m.GetID())
	case *pb.LeaseLeasesRequest:
		return fmt.Sprintf("%s may not read all keys of the leases; \"whoami\" shows what it may read", who)
	case *pb.LeaseRevokeRequest:
		return fmt.Sprintf("%s may not write all keys of lease %x, which are deleted with it; \"whoami\" shows what it may write", who, m.GetID())
	}
	asked, explains := rootOnly(r)
	return fmt.Sprintf("only root may %s, and %s does not have the role root; \"%s\" explains it", asked, who, explains)
}

// noSuchCommonName describes a certificate that identifies no user.
func noSuchCommonName(commonName string) string {
	if commonName == "" {
		return "the client certificate has no common name, so it identifies no user"
	}
	return fmt.Sprintf("the common name %s of the client certificate is not a user; root can add it with \"user add --no-password\"", name(commonName))
}

// byCertificate is the value of Identity.By for a client certificate.
const byCertificate = "certificate"

// isNoUser reports whether there is no user called name. Users may ask for themselves.
func (d *Diagnosis) isNoUser(ctx context.Context, r Request, name string) bool {
	err := d.ask(ctx, r, func(ctx context.Context, auth pb.AuthClient) error {
		_, err := auth.UserGet(ctx, &pb.AuthUserGetRequest{Name: name})
		return err
	})
	return errors.Is(rpctypes.Error(err), rpctypes.ErrUserNotFound)
}

// String describes the identity as the subject of a sentence.
func (i Identity) String() string {
	if i.User == "" {
		return "the user of the " + i.By
	}
	return fmt.Sprintf("user %s (by %s)", name(i.User), i.By)
}

// name returns the name of a user or role as errors show it.
func name(text string) string { return brief(access.DescribeKey([]byte(text))) }

// rootOnly describes a request that only root may make, and returns the command that
// explains the refusal.
func rootOnly(r Request) (asked, explains string) {
	const whoami, canI = "whoami", "rbac can-i "
	switch m := r.Message.(type) {
	case *pb.AuthUserGetRequest:
		return "see user " + name(m.GetName()), whoami
	case *pb.AuthRoleGetRequest:
		return "see role " + name(m.GetRole()) + " without having it", whoami
	}
	_, rpc, _ := strings.Cut(strings.TrimPrefix(r.Method, "/"), "/")
	if strings.Contains(r.Method, ".Auth/") {
		return administering(rpc, r.Message), canI + string(access.Administer)
	}
	var action access.Action
	switch {
	case rpc == "Compact":
		action = access.Compact
	case rpc == "Defragment":
		action = access.Defrag
	case rpc == "Snapshot":
		action = access.Snapshot
	case strings.HasPrefix(rpc, "Hash"):
		action = access.HashKV
	case strings.HasPrefix(rpc, "Member"):
		action = access.Members
	case rpc == "MoveLeader":
		action = access.MoveLeader
	case rpc == "Downgrade":
		action = access.Downgrade
	default:
		return "do this", whoami
	}
	return action.Describe(), canI + string(action)
}

// administering describes a request about users, roles or authentication.
func administering(rpc string, message any) string {
	switch m := message.(type) {
	case *pb.AuthUserAddRequest:
		return "add user " + name(m.GetName())
	case *pb.AuthUserDeleteRequest:
		return "delete user " + name(m.GetName())
	case *pb.AuthUserChangePasswordRequest:
		return "change the password of user " + name(m.GetName())
	case *pb.AuthUserGrantRoleRequest:
		return "grant role " + name(m.GetRole()) + " to user " + name(m.GetUser())
	case *pb.AuthUserRevokeRoleRequest:
		return "revoke role " + name(m.GetRole()) + " from user " + name(m.GetName())
	case *pb.AuthRoleAddRequest:
		return "add role " + name(m.GetName())
	case *pb.AuthRoleDeleteRequest:
		return "delete role " + name(m.GetRole())
	case *pb.AuthRoleGrantPermissionRequest:
		return "grant permissions to role " + name(m.GetName())
	case *pb.AuthRoleRevokePermissionRequest:
		return "revoke permissions from role " + name(m.GetRole())
	}
	switch rpc {
	case "UserList":
		return "list users"
	case "RoleList":
		return "list roles"
	case "AuthEnable":
		return "enable authentication"
	case "AuthDisable":
		return "disable authentication"
	}
	return access.Administer.Describe()
}
