package diagnose

import (
	"errors"
	"slices"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"

	"github.com/ectl-io/ectl/internal/retry"
)

// Kind names the kind of an error of a cluster, for programs. It returns an empty string
// for other errors. The names are a part of the output and must not change.
func Kind(err error) string {
	is := func(known ...error) bool {
		return slices.ContainsFunc(known, func(k error) bool { return errors.Is(err, k) })
	}
	switch _, unreachable := errors.AsType[unreachableError](err); {
	case unreachable:
		return "unreachable"
	case is(rpctypes.ErrPermissionDenied):
		return "permission_denied"
	case is(rpctypes.ErrAuthFailed, rpctypes.ErrUserEmpty, rpctypes.ErrInvalidAuthToken, rpctypes.ErrAuthOldRevision, rpctypes.ErrInvalidAuthMgmt):
		return "unauthenticated"
	case is(rpctypes.ErrUserNotFound, rpctypes.ErrRoleNotFound, rpctypes.ErrMemberNotFound, rpctypes.ErrLeaseNotFound, rpctypes.ErrKeyNotFound,
		rpctypes.ErrRoleNotGranted, rpctypes.ErrPermissionNotGranted, rpctypes.ErrRootUserNotExist, rpctypes.ErrRootRoleNotExist):
		return "not_found"
	case is(rpctypes.ErrUserAlreadyExist, rpctypes.ErrRoleAlreadyExist, rpctypes.ErrMemberExist, rpctypes.ErrPeerURLExist, rpctypes.ErrLeaseExist):
		return "already_exists"
	case is(rpctypes.ErrCompacted):
		return "compacted"
	case is(rpctypes.ErrNoSpace, rpctypes.ErrRequestTooLarge, rpctypes.ErrTooManyOps, rpctypes.ErrTooManyRequests):
		return "limit"
	}
	switch retry.ClassOf(err) { //nolint:exhaustive // the others have names above, or none
	case retry.TimedOut:
		return "timeout"
	case retry.Transient:
		return "unavailable"
	}
	if served, ok := errors.AsType[rpctypes.EtcdError](err); ok {
		switch served.Code() {
		case codes.ResourceExhausted:
			return "limit"
		case codes.InvalidArgument, codes.OutOfRange:
			return "invalid_request"
		}
		return "refused"
	}
	return ""
}
