package etcd

import (
	"context"
	"errors"
	"slices"

	"go.etcd.io/etcd/api/v3/authpb"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc"
)

// refusal returns the error with which the server would refuse the request.
func (d *DryRun) refusal(ctx context.Context, cc *grpc.ClientConn, request any) error {
	for _, refusal := range []func(context.Context, *grpc.ClientConn, any) error{adminRefusal, d.roleRefusal, d.userRefusal, clusterRefusal} {
		if err := refusal(ctx, cc, request); err != nil {
			return err
		}
	}
	return nil
}

// adminRefusal is refusal for requests that only root may send. A list of the users needs the
// same permission. A user may read its own name and roles, so other reads show less.
func adminRefusal(ctx context.Context, cc *grpc.ClientConn, request any) error {
	switch request.(type) {
	case *pb.AuthDisableRequest,
		*pb.AuthUserAddRequest, *pb.AuthUserDeleteRequest, *pb.AuthUserChangePasswordRequest, *pb.AuthUserGrantRoleRequest, *pb.AuthUserRevokeRoleRequest,
		*pb.AuthRoleAddRequest, *pb.AuthRoleDeleteRequest, *pb.AuthRoleGrantPermissionRequest, *pb.AuthRoleRevokePermissionRequest,
		*pb.MemberAddRequest, *pb.MemberRemoveRequest, *pb.MemberUpdateRequest, *pb.MemberPromoteRequest:
		_, err := pb.NewAuthClient(cc).UserList(ctx, &pb.AuthUserListRequest{})
		return err
	}
	return nil
}

// roleRefusal is refusal for requests that change roles.
func (d *DryRun) roleRefusal(ctx context.Context, cc *grpc.ClientConn, request any) error {
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
	}
	return nil
}

// userRefusal is refusal for requests that change users, or need one.
func (d *DryRun) userRefusal(ctx context.Context, cc *grpc.ClientConn, request any) error {
	switch r := request.(type) {
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
	}
	return nil
}

// clusterRefusal is refusal for requests that change members, leases or the version.
func clusterRefusal(ctx context.Context, cc *grpc.ClientConn, request any) error {
	switch r := request.(type) {
	case *pb.MemberRemoveRequest:
		return memberExists(ctx, cc, r.GetID())
	case *pb.MemberUpdateRequest:
		return memberExists(ctx, cc, r.GetID())
	case *pb.MemberPromoteRequest:
		return memberExists(ctx, cc, r.GetID())
	case *pb.MoveLeaderRequest:
		if err := memberExists(ctx, cc, r.GetTargetID()); err != nil {
			return rpctypes.ErrGRPCBadLeaderTransferee
		}
	case *pb.LeaseRevokeRequest:
		lease, err := pb.NewLeaseClient(cc).LeaseTimeToLive(ctx, &pb.LeaseTimeToLiveRequest{ID: r.GetID()})
		if err == nil && lease.GetTTL() < 0 {
			err = rpctypes.ErrGRPCLeaseNotFound
		}
		return err
	case *pb.DowngradeRequest:
		if r.GetAction() == pb.DowngradeRequest_ENABLE {
			_, err := pb.NewMaintenanceClient(cc).Downgrade(ctx, &pb.DowngradeRequest{Action: pb.DowngradeRequest_VALIDATE, Version: r.GetVersion()})
			return err
		}
	}
	return nil
}

// rootRole names the role root, and its user.
const rootRole = "root"

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
