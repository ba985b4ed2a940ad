package etcd

import (
	"context"
	"errors"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Passes says whether the reason for err passes by itself: the connection, the
// member or the leader is gone, and another will take its place.
func Passes(err error) bool {
	if e, ok := errors.AsType[rpctypes.EtcdError](err); ok {
		return e.Code() == codes.Unavailable
	}
	return status.Code(err) == codes.Unavailable || isDropped(err)
}

// isDropped says whether a member could not propose a change, since there was no
// leader or it was giving its place to another: the change was not made. API
// version 3.7 has no name for it.
func isDropped(err error) bool {
	s, _ := status.FromError(err)
	return s.Code() == codes.Unknown && s.Message() == "raft proposal dropped"
}

// Doubtful says whether the change that err answers may have been made all the
// same: the answer did not come, could not be used, or came from a member that does
// not know.
func Doubtful(err error) bool {
	if err == nil {
		return false
	}
	if Answered(err) {
		return true
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return true
	}
	if served, ok := errors.AsType[rpctypes.EtcdError](err); ok {
		return served.Code() == codes.Unavailable || served.Code() == codes.DeadlineExceeded || served.Code() == codes.Canceled
	}
	if _, answered := status.FromError(err); !answered {
		return true
	}
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		return true
	case codes.Internal:
		return !isUnsent(err)
	default:
		return false
	}
}
