package etcd

import (
	"context"
	"errors"
	"slices"
	"sync"

	"go.etcd.io/etcd/api/v3/authpb"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/ectl-io/ectl/internal/etcd/diagnose"
)

// DryRun keeps the clients of one run from sending a change. It records each request
// that would change something, and answers it as the server would. Reads are sent. They
// show whether the server would refuse the change, for example because the user does not
// exist.
type DryRun struct {
	mu       sync.Mutex
	withheld []proto.Message
	over     bool

	roles     map[string]bool // added by withheld requests
	users     map[string][]string
	passwords map[string]string
}

// ErrDryRunOver ends a command in a dry run when its next steps depend on requests that
// were not sent.
var ErrDryRunOver = errors.New("the next steps depend on requests that were not sent")

// NewDryRun returns a dry run without requests.
func NewDryRun() *DryRun {
	return &DryRun{roles: map[string]bool{}, users: map[string][]string{}, passwords: map[string]string{}}
}

// Withheld returns the requests that were not sent, in order.
func (d *DryRun) Withheld() []proto.Message {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.withheld)
}

// Withhold records requests that a command would send, without a client.
func (d *DryRun) Withhold(requests ...proto.Message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.withheld = append(d.withheld, requests...)
}

// answer answers a request in place of the server. answered is false if the request can
// be sent, because it changes nothing and concerns nothing that was withheld.
func (d *DryRun) answer(ctx context.Context, cc *grpc.ClientConn, method string, request, reply any) (answered bool, err error) {
	if d == nil {
		return false, nil
	}
	if !diagnose.Writes(method, request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.known(request, reply), nil
	}
	d.mu.Lock()
	over := d.over
	d.mu.Unlock()
	if over {
		return true, ErrDryRunOver
	}
	if err := d.refusal(ctx, cc, request); err != nil {
		return true, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if message, ok := request.(proto.Message); ok { // as every request is
		d.withheld = append(d.withheld, message)
	}
	d.remember(request)
	complete(request, reply)
	if _, enables := request.(*pb.AuthEnableRequest); enables {
		d.over = true // what follows is a login
		return true, ErrDryRunOver
	}
	return true, nil
}

// known answers a read of a user or a role that a withheld request would have added, and
// a login with a password that one would have set.
func (d *DryRun) known(request, reply any) bool {
	switch r := request.(type) {
	case *pb.AuthUserGetRequest:
		roles, added := d.users[r.GetName()]
		if response, ok := reply.(*pb.AuthUserGetResponse); ok && added {
			response.Roles = roles
			complete(request, reply)
		}
		return added
	case *pb.AuthRoleGetRequest:
		if d.roles[r.GetRole()] {
			complete(request, reply)
		}
		return d.roles[r.GetRole()]
	case *pb.AuthenticateRequest:
		password, set := d.passwords[r.GetName()]
		if set && password == r.GetPassword() {
			complete(request, reply)
			return true
		}
	}
	return false
}

// remember records what the request would have added.
func (d *DryRun) remember(request any) {
	switch r := request.(type) {
	case *pb.AuthRoleAddRequest:
		d.roles[r.GetName()] = true
	case *pb.AuthUserAddRequest:
		d.users[r.GetName()] = []string{}
	case *pb.AuthUserChangePasswordRequest:
		d.passwords[r.GetName()] = r.GetPassword()
	case *pb.AuthUserGrantRoleRequest:
		if roles, added := d.users[r.GetUser()]; added {
			d.users[r.GetUser()] = append(roles, r.GetRole())
		}
	}
}

// complete fills the parts of a reply that commands rely on.
func complete(request, reply any) {
	if added, ok := reply.(*pb.MemberAddResponse); ok {
		r, _ := request.(*pb.MemberAddRequest)
		added.Member = &pb.Member{PeerURLs: r.GetPeerURLs(), IsLearner: r.GetIsLearner()}
		added.Members = []*pb.Member{added.Member}
	}
	if message, ok := reply.(proto.Message); ok {
		m := message.ProtoReflect()
		if header := m.Descriptor().Fields().ByName("header"); header != nil {
			m.Mutable(header)
		}
	}
}

// refusal returns the error with which the server would refuse the request.
func (d *DryRun) refusal(ctx context.Context, cc *grpc.ClientConn, request any) error {
	switch r := request.(type) {
	case *pb.AuthRoleAddRequest:
		_, err := d.role(ctx, cc, r.GetName())
		return unless(err, rpctypes.ErrGRPCRoleNotFound, rpctypes.ErrGRPCRoleAlreadyExist)
	case *pb.AuthRoleDeleteRequest:
		_, err := d.role(ctx, cc, r.GetRole())
		return err
	case *pb.AuthRoleGrantPermissionRequest:
		_, err := d.role(ctx, cc, r.GetName())
		return err
	case *pb.AuthRoleRevokePermissionRequest:
		permissions, err := d.role(ctx, cc, r.GetRole())
		if err == nil && !slices.ContainsFunc(permissions, func(p *authpb.Permission) bool {
			return string(p.GetKey()) == string(r.GetKey()) && string(p.GetRangeEnd()) == string(r.GetRangeEnd())
		}) {
			err = rpctypes.ErrGRPCPermissionNotGranted
		}
		return err
	case *pb.AuthUserAddRequest:
		_, err := d.user(ctx, cc, r.GetName())
		return unless(err, rpctypes.ErrGRPCUserNotFound, rpctypes.ErrGRPCUserAlreadyExist)
	case *pb.AuthUserDeleteRequest:
		_, err := d.user(ctx, cc, r.GetName())
		return err
	case *pb.AuthUserChangePasswordRequest:
		_, err := d.user(ctx, cc, r.GetName())
		return err
	case *pb.AuthUserGrantRoleRequest:
		_, err := d.user(ctx, cc, r.GetUser())
		if err == nil && r.GetRole() != rootRole { // it can be granted even if it does not exist
			_, err = d.role(ctx, cc, r.GetRole())
		}
		return err
	case *pb.AuthUserRevokeRoleRequest:
		roles, err := d.user(ctx, cc, r.GetName())
		if err == nil && !slices.Contains(roles, r.GetRole()) {
			err = rpctypes.ErrGRPCRoleNotGranted
		}
		return err
	case *pb.AuthEnableRequest:
		roles, err := d.user(ctx, cc, rootRole)
		switch {
		case errors.Is(rpctypes.Error(err), rpctypes.ErrUserNotFound):
			return rpctypes.ErrGRPCRootUserNotExist
		case err == nil && !slices.Contains(roles, rootRole):
			return rpctypes.ErrGRPCRootRoleNotExist
		}
		return err
	case *pb.MemberRemoveRequest:
		return memberExists(ctx, cc, r.GetID())
	case *pb.MemberUpdateRequest:
		return memberExists(ctx, cc, r.GetID())
	case *pb.MemberPromoteRequest:
		return memberExists(ctx, cc, r.GetID())
	}
	return nil
}

// rootRole names the role root, and its user.
const rootRole = "root"

// role returns the permissions of a role, with the effect of withheld requests.
func (d *DryRun) role(ctx context.Context, cc *grpc.ClientConn, name string) ([]*authpb.Permission, error) {
	response, err := pb.NewAuthClient(cc).RoleGet(ctx, &pb.AuthRoleGetRequest{Role: name})
	return response.GetPerm(), err
}

// user returns the roles of a user, with the effect of withheld requests.
func (d *DryRun) user(ctx context.Context, cc *grpc.ClientConn, name string) ([]string, error) {
	response, err := pb.NewAuthClient(cc).UserGet(ctx, &pb.AuthUserGetRequest{Name: name})
	return response.GetRoles(), err
}

// unless returns exists if err is nil, nil if err is missing, and err otherwise.
func unless(err, missing, exists error) error {
	switch {
	case err == nil:
		return exists
	case errors.Is(rpctypes.Error(err), rpctypes.Error(missing)):
		return nil
	}
	return err
}

func memberExists(ctx context.Context, cc *grpc.ClientConn, id uint64) error {
	response, err := pb.NewClusterClient(cc).MemberList(ctx, &pb.MemberListRequest{})
	if err == nil && !slices.ContainsFunc(response.GetMembers(), func(m *pb.Member) bool { return m.GetID() == id }) {
		err = rpctypes.ErrGRPCMemberNotFound
	}
	return err
}
