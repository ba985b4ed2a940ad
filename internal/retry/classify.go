// Package retry decides whether a request may be tried again, and waits before that.
package retry

import (
	"context"
	"errors"
	"strings"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// IsTransient says whether the reason for err passes by itself: the connection, the
// member or the leader is gone, and another will take its place.
func IsTransient(err error) bool {
	if e, ok := errors.AsType[rpctypes.EtcdError](err); ok {
		return e.Code() == codes.Unavailable
	}
	return status.Code(err) == codes.Unavailable || IsDropped(err)
}

// IsDropped says whether a member could not propose a change, since there was no
// leader or it was giving its place to another: the change was not made. API
// version 3.7 has no name for it.
func IsDropped(err error) bool {
	s, _ := status.FromError(err)
	return s.Code() == codes.Unknown && s.Message() == "raft proposal dropped"
}

// Answer is an error of a request that was carried out: only its answer could not be
// used.
type Answer interface {
	error
	Answered() bool
}

// Answered says whether the server has carried out the request that err answers.
func Answered(err error) bool {
	answer, is := errors.AsType[Answer](err)
	return is && answer.Answered()
}

// OutcomeUnknown says whether the change that err answers may have been made anyway:
// the answer did not come, could not be used, or came from a member that does not
// know.
func OutcomeUnknown(err error) bool {
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
		return !NotSent(err)
	default:
		return false
	}
}

// NotSent says whether a request could not be encoded, so that it was not sent. Only
// text that is not UTF-8 has that effect.
func NotSent(err error) bool {
	return strings.HasPrefix(status.Convert(err).Message(), "grpc: error while marshaling")
}
