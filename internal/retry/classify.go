// Package retry decides whether a request may be retried, and waits before the retry.
package retry

import (
	"context"
	"errors"
	"io"
	"strings"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Class is what an error of a request means for another attempt. Which classes it
// tries again is for each caller to say.
type Class uint

// The classes. An error of none of them is final: another attempt would end the same.
const (
	// Transient is a connection, a member or a leader that is gone. Another will take
	// its place.
	Transient Class = 1 << iota

	// TimedOut is an answer that did not come in time.
	TimedOut

	// Overloaded is a member with too many requests.
	Overloaded

	// Denied is a lack of permission. Of a user who has it, etcd 3.5 denies it for up to
	// 100 ms after a change of users or roles.
	Denied

	// UnknownToken is a token that expired, or that the member has not heard of yet.
	UnknownToken

	// StaleToken is a token from before the last change of users and roles.
	StaleToken

	// Behind is a member that has not reached the requested revision.
	Behind

	// Aborted is a request that something on the way has ended.
	Aborted

	// Broken is a stream that ended in the middle.
	Broken

	// Final is none of these.
	Final Class = 0
)

// ClassOf returns the class of an error.
func ClassOf(err error) Class {
	switch {
	case err == nil:
		return Final
	case errors.Is(err, rpctypes.ErrPermissionDenied):
		return Denied
	case errors.Is(err, rpctypes.ErrInvalidAuthToken):
		return UnknownToken
	case errors.Is(err, rpctypes.ErrAuthOldRevision):
		return StaleToken
	case errors.Is(err, rpctypes.ErrTooManyRequests):
		return Overloaded
	case errors.Is(err, rpctypes.ErrFutureRev):
		return Behind
	case errors.Is(err, context.DeadlineExceeded):
		return TimedOut
	case errors.Is(err, io.EOF):
		return Broken
	case IsDropped(err):
		return Transient
	}
	if e, ok := errors.AsType[rpctypes.EtcdError](err); ok {
		if e.Code() == codes.Unavailable {
			return Transient
		}
		return Final
	}
	switch status.Code(err) {
	case codes.Unavailable:
		return Transient
	case codes.DeadlineExceeded:
		return TimedOut
	case codes.Canceled, codes.Aborted:
		return Aborted
	case codes.Internal:
		return Broken
	}
	return Final
}

// Is says whether err is of one of the classes.
func Is(err error, classes Class) bool { return ClassOf(err)&classes != 0 }

// IsTransient says whether the reason for err passes by itself.
func IsTransient(err error) bool { return Is(err, Transient) }

// IsDropped says whether a member could not propose a change, since there was no leader
// or it was giving its place to another. The change was not made. API version 3.7 has no
// name for this error.
func IsDropped(err error) bool {
	received, ok := errors.AsType[interface {
		error
		GRPCStatus() *status.Status
	}](err)
	return ok && received.GRPCStatus().Code() == codes.Unknown && received.GRPCStatus().Message() == "raft proposal dropped"
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
