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

// Class groups errors by the reason for which another attempt may succeed. Each caller
// decides which classes it retries. Classes can be combined with |.
type Class uint

// The classes. An error of none of them is Final: another attempt would also fail.
const (
	// Transient reports that a connection, a member or a leader is gone. Another will
	// replace it.
	Transient Class = 1 << iota

	// TimedOut reports that the response did not come in time.
	TimedOut

	// Overloaded reports that a member has too many requests.
	Overloaded

	// Denied reports a missing permission. For up to 100 ms after a change of users or
	// roles, etcd 3.5 may also deny requests that are permitted.
	Denied

	// UnknownToken reports a token that expired, or that the member does not know yet.
	UnknownToken

	// StaleToken reports a token that is older than the last change of users and roles.
	StaleToken

	// Behind reports that a member has not reached the requested revision.
	Behind

	// Aborted reports that the request was cancelled or aborted on its way.
	Aborted

	// Broken reports that a stream ended early.
	Broken

	// Final is the class of all other errors.
	Final Class = 0
)

// ClassOf returns the class of an error, which is Final for nil.
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

// Is reports whether the class of err is one of classes.
func Is(err error, classes Class) bool { return ClassOf(err)&classes != 0 }

// IsTransient reports whether the reason for err disappears by itself.
func IsTransient(err error) bool { return Is(err, Transient) }

// IsDropped reports whether a member could not propose a change, because there was no
// leader or it was transferring its leadership. The change was not made. API version 3.7
// does not define this error.
func IsDropped(err error) bool {
	received, ok := errors.AsType[interface {
		error
		GRPCStatus() *status.Status
	}](err)
	return ok && received.GRPCStatus().Code() == codes.Unknown && received.GRPCStatus().Message() == "raft proposal dropped"
}

// Answer is an error of a request that was carried out, although its response could not
// be used.
type Answer interface {
	error
	Answered() bool
}

// Answered reports whether the server has carried out the request that failed with err.
func Answered(err error) bool {
	answer, is := errors.AsType[Answer](err)
	return is && answer.Answered()
}

// OutcomeUnknown reports whether the change that failed with err may have been made
// anyway. The response did not come, could not be used, or came from a member that does
// not know the outcome.
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

// NotSent reports whether a request was not sent because it could not be encoded. The
// only reason is text that is not UTF-8.
func NotSent(err error) bool {
	return strings.HasPrefix(status.Convert(err).Message(), "grpc: error while marshaling")
}
