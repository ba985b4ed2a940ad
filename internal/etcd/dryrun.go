package etcd

import (
	"context"
	"errors"
	"slices"
	"strings"
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
// exist. Reads of users and roles show the effect of the recorded requests.
type DryRun struct {
	mu       sync.Mutex
	withheld []Withheld
	over     bool

	roles     map[string]*roleState // touched by withheld requests; nil: deleted
	users     map[string]*userState
	passwords map[string]string
}

type (
	roleState struct{ permissions []*authpb.Permission }
	userState struct{ roles []string }
)

// Withheld is a request that was not sent.
type Withheld struct {
	Request  proto.Message
	Endpoint string // of the client
	Keys     int64  // number of keys that a deletion would delete now
	Holds    bool   // the conditions of a transaction hold now
}

// ErrDryRunOver ends a command in a dry run when its next steps depend on requests that
// were not sent.
var ErrDryRunOver = errors.New("the next steps depend on requests that were not sent")

// NewDryRun returns a dry run without requests.
func NewDryRun() *DryRun {
	return &DryRun{roles: map[string]*roleState{}, users: map[string]*userState{}, passwords: map[string]string{}}
}

// Take returns the requests that were not sent since the last call, in order. Another
// command may follow.
func (d *DryRun) Take() []Withheld {
	d.mu.Lock()
	defer d.mu.Unlock()
	taken := d.withheld
	d.withheld, d.over = nil, false
	return taken
}

// Withhold records requests that a command would send, without a client.
func (d *DryRun) Withhold(requests ...proto.Message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, request := range requests {
		d.withheld = append(d.withheld, Withheld{Request: request})
	}
}

// question marks the context of a request that changes nothing although it has the form
// of a change.
type question struct{}

// answer answers a request in place of the server. answered is false if the request can
// be sent, because it changes nothing and concerns nothing that was withheld.
func (d *DryRun) answer(ctx context.Context, cc *grpc.ClientConn, method string, request, reply any) (answered bool, err error) {
	if d == nil || ctx.Value(question{}) != nil {
		return false, nil
	}
	asking := context.WithValue(ctx, question{}, true)
	if !diagnose.Writes(method, request) {
		return d.known(asking, cc, request, reply)
	}
	d.mu.Lock()
	over := d.over
	d.mu.Unlock()
	if over {
		return true, ErrDryRunOver
	}
	withheld := Withheld{Endpoint: endpointOf(cc)}
	withheld.Request, _ = request.(proto.Message) // as every request is
	if err := d.refusal(ctx, cc, request); err != nil {
		return true, err
	}
	if err := withheld.ask(asking, cc); err != nil {
		return true, err
	}
	if err := d.remember(ctx, cc, request); err != nil {
		return true, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.withheld = append(d.withheld, withheld)
	complete(request, reply)
	if txn, ok := request.(*pb.TxnRequest); ok {
		completeTxn(txn, withheld.Holds, reply)
	}
	if _, enables := request.(*pb.AuthEnableRequest); enables {
		d.over = true // what follows is a login
		return true, ErrDryRunOver
	}
	return true, nil
}

// endpointOf returns the endpoint of a connection to one member. The client library puts
// it at the end of the target.
func endpointOf(cc *grpc.ClientConn) string {
	target := cc.Target()
	return target[strings.LastIndexByte(target, '/')+1:]
}

// known answers a read of users or roles that withheld requests would have changed, and a
// login with a password that one would have set.
func (d *DryRun) known(ctx context.Context, cc *grpc.ClientConn, request, reply any) (answered bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch r := request.(type) {
	case *pb.AuthUserGetRequest:
		user, touched := d.users[r.GetName()]
		if touched && user == nil {
			return true, rpctypes.ErrGRPCUserNotFound
		}
		if response, ok := reply.(*pb.AuthUserGetResponse); ok && touched {
			response.Roles = slices.Clone(user.roles)
			complete(request, reply)
		}
		return touched, nil
	case *pb.AuthRoleGetRequest:
		role, touched := d.roles[r.GetRole()]
		if touched && role == nil {
			return true, rpctypes.ErrGRPCRoleNotFound
		}
		if response, ok := reply.(*pb.AuthRoleGetResponse); ok && touched {
			response.Perm = slices.Clone(role.permissions)
			complete(request, reply)
		}
		return touched, nil
	case *pb.AuthUserListRequest:
		response, ok := reply.(*pb.AuthUserListResponse)
		if !ok || len(d.users) == 0 {
			return false, nil
		}
		listed, err := pb.NewAuthClient(cc).UserList(ctx, r)
		response.Header, response.Users = listed.GetHeader(), namesWith(listed.GetUsers(), d.users)
		return true, err
	case *pb.AuthRoleListRequest:
		response, ok := reply.(*pb.AuthRoleListResponse)
		if !ok || len(d.roles) == 0 {
			return false, nil
		}
		listed, err := pb.NewAuthClient(cc).RoleList(ctx, r)
		response.Header, response.Roles = listed.GetHeader(), namesWith(listed.GetRoles(), d.roles)
		return true, err
	case *pb.AuthenticateRequest:
		password, set := d.passwords[r.GetName()]
		if set && password == r.GetPassword() {
			complete(request, reply)
			return true, nil
		}
	}
	return false, nil
}

// namesWith returns names without the deleted ones, and with the added ones.
func namesWith[State any](names []string, touched map[string]*State) []string {
	all := slices.DeleteFunc(slices.Clone(names), func(name string) bool { _, known := touched[name]; return known })
	for name, state := range touched {
		if state != nil {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// remember records the effect of a request on users and roles.
func (d *DryRun) remember(ctx context.Context, cc *grpc.ClientConn, request any) error {
	var permissions []*authpb.Permission
	var roles []string
	var err error
	switch r := request.(type) {
	case *pb.AuthRoleGrantPermissionRequest:
		permissions, err = d.role(ctx, cc, r.GetName())
	case *pb.AuthRoleRevokePermissionRequest:
		permissions, err = d.role(ctx, cc, r.GetRole())
	case *pb.AuthUserGrantRoleRequest:
		roles, err = d.user(ctx, cc, r.GetUser())
	case *pb.AuthUserRevokeRoleRequest:
		roles, err = d.user(ctx, cc, r.GetName())
	}
	if err != nil {
		return err
	}
	without := func(key, end []byte) []*authpb.Permission {
		return slices.DeleteFunc(slices.Clone(permissions), func(p *authpb.Permission) bool {
			return string(p.GetKey()) == string(key) && string(p.GetRangeEnd()) == string(end)
		})
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch r := request.(type) {
	case *pb.AuthRoleAddRequest:
		d.roles[r.GetName()] = &roleState{}
	case *pb.AuthRoleDeleteRequest:
		d.roles[r.GetRole()] = nil
		for _, user := range d.users {
			if user != nil {
				user.roles = slices.DeleteFunc(user.roles, func(role string) bool { return role == r.GetRole() })
			}
		}
	case *pb.AuthRoleGrantPermissionRequest:
		d.roles[r.GetName()] = &roleState{append(without(r.GetPerm().GetKey(), r.GetPerm().GetRangeEnd()), r.GetPerm())}
	case *pb.AuthRoleRevokePermissionRequest:
		d.roles[r.GetRole()] = &roleState{without(r.GetKey(), r.GetRangeEnd())}
	case *pb.AuthUserAddRequest:
		d.users[r.GetName()] = &userState{}
	case *pb.AuthUserDeleteRequest:
		d.users[r.GetName()] = nil
	case *pb.AuthUserChangePasswordRequest:
		d.passwords[r.GetName()] = r.GetPassword()
	case *pb.AuthUserGrantRoleRequest:
		if !slices.Contains(roles, r.GetRole()) {
			roles = append(roles, r.GetRole())
		}
		d.users[r.GetUser()] = &userState{roles}
	case *pb.AuthUserRevokeRoleRequest:
		d.users[r.GetName()] = &userState{slices.DeleteFunc(roles, func(role string) bool { return role == r.GetRole() })}
	}
	return nil
}

// complete fills the parts of a reply that commands rely on.
func complete(request, reply any) {
	switch response := reply.(type) {
	case *pb.MemberAddResponse:
		r, _ := request.(*pb.MemberAddRequest)
		response.Member = &pb.Member{PeerURLs: r.GetPeerURLs(), IsLearner: r.GetIsLearner()}
		response.Members = []*pb.Member{response.Member}
	case *pb.LeaseGrantResponse:
		r, _ := request.(*pb.LeaseGrantRequest)
		response.ID, response.TTL = r.GetID(), r.GetTTL()
	}
	if message, ok := reply.(proto.Message); ok {
		m := message.ProtoReflect()
		if header := m.Descriptor().Fields().ByName("header"); header != nil {
			m.Mutable(header)
		}
	}
}

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
