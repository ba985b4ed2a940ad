package diagnose

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/retry"
)

// explanation is the cause of an error, and what to do about it. The text that follows
// the error is the cause, the separator and the remedy.
type explanation struct {
	errors   []error  // of the server
	messages []string // the texts of the error, for Explanations
	matches  func(error) bool

	// cause and remedy have names in capitals in the places that depend on the request,
	// for Explanations. Without reason they are the text.
	cause, separator, remedy string

	// reason makes the text from the request and the state of the cluster. It returns an
	// empty string if there is nothing to add.
	reason func(d *Diagnosis, ctx context.Context, err error, doubt string) string
}

// text returns the cause and the remedy.
func (e *explanation) text() string { return e.cause + e.separator + e.remedy }

// server returns the explanation of errors of the server.
func server(cause, separator, remedy string, errs ...error) explanation {
	e := explanation{errors: errs, cause: cause, separator: separator, remedy: remedy}
	for _, err := range errs {
		e.messages = append(e.messages, err.Error())
	}
	e.matches = func(err error) bool {
		for _, known := range errs {
			if errors.Is(err, known) {
				return true
			}
		}
		return false
	}
	return e
}

// depending returns the explanation with a text that reason makes.
func (e explanation) depending(reason func(d *Diagnosis, ctx context.Context, err error, doubt string) string) explanation {
	e.reason = reason
	return e
}

// recognised returns the explanation of errors that have no value of their own.
func recognised(matches func(error) bool, cause, separator, remedy string, messages ...string) explanation {
	return explanation{messages: messages, matches: matches, cause: cause, separator: separator, remedy: remedy}
}

// onContext adapts a reason that depends on the request only.
func onContext(reason func(*Diagnosis, context.Context) string) func(*Diagnosis, context.Context, error, string) string {
	return func(d *Diagnosis, ctx context.Context, _ error, _ string) string { return reason(d, ctx) }
}

// explanations returns all explanations. The first that matches an error counts.
func explanations() []explanation {
	all := []explanation{
		recognised(func(err error) bool {
			_, answered := errors.AsType[*answeredError](err)
			return answered
		}, "the request was carried out, but its response could not be read", "; ", "if it is too large, read less at a time, or raise --max-recv-bytes",
			tooLarge).
			depending(func(_ *Diagnosis, _ context.Context, err error, _ string) string {
				answered, _ := errors.AsType[*answeredError](err)
				return answered.reason()
			}),
		recognised(isDenied, "user NAME may not do what was asked", "; ", "\"rbac can-i\" shows which permission is missing; some requests only root may make",
			rpctypes.ErrPermissionDenied.Error()).
			depending(onContext((*Diagnosis).reasonOfDenial)),
	}
	return slices.Concat(all, limits(), requests(), members(), others())
}

// requests returns the explanations of errors about users, revisions and the leader.
func requests() []explanation {
	return []explanation{
		server("the request would break the authentication that is on, or its range is empty", "; ", "\"auth disable\" turns authentication off", rpctypes.ErrInvalidAuthMgmt).
			depending(func(d *Diagnosis, _ context.Context, _ error, _ string) string { return d.reasonOfInvalidAuth() }),
		server("the oldest revision that is left is REVISION", "", "", rpctypes.ErrCompacted).
			depending(onContext((*Diagnosis).reasonOfCompaction)),
		server("the cluster has not reached it", "; ", "\"get KEY -w fields\" shows the current revision", rpctypes.ErrFutureRev),
		server("there is no user NAME", "; ", "\"user list\" shows all", rpctypes.ErrUserNotFound).
			depending(onContext((*Diagnosis).reasonOfMissingUser)),
		server("there is no role NAME", "; ", "\"role list\" shows all", rpctypes.ErrRoleNotFound).
			depending(onContext((*Diagnosis).reasonOfMissingRole)),
		server("user NAME does not have the role NAME", "; ", "it has ROLES", rpctypes.ErrRoleNotGranted).
			depending(onContext((*Diagnosis).reasonOfRoleNotGranted)),
		recognised(func(err error) bool {
			return errors.Is(err, context.DeadlineExceeded) || status.Code(err) == codes.DeadlineExceeded
		}, "no endpoint could be reached, or none answered, in time: the cause follows for each endpoint", "; ",
			"see below for the causes", context.DeadlineExceeded.Error()).
			depending(func(d *Diagnosis, ctx context.Context, _ error, doubt string) string {
				return d.reasonOfDeadline(ctx, doubt)
			}),
		recognised(func(err error) bool {
			return errors.Is(err, rpctypes.ErrUserEmpty) || strings.HasSuffix(err.Error(), "auth: user name is empty") // maintenance before etcd 3.6
		}, "the command names an empty user, or authentication is on", "; ", "say who you are with --user, --auth-jwt-token or a client certificate",
			rpctypes.ErrUserEmpty.Error()).
			depending(func(d *Diagnosis, _ context.Context, _ error, _ string) string { return d.reasonOfNoUser() }),
		server(invalidToken, "", "", rpctypes.ErrInvalidAuthToken).
			depending(func(d *Diagnosis, _ context.Context, _ error, _ string) string { return d.reasonOfInvalidToken() }),
		server("users or roles have changed since the token was made", "; ", "get a new one", rpctypes.ErrAuthOldRevision),
		server("fewer than half of the members can be reached, or an election is in progress", "", "", rpctypes.ErrNoLeader),
		recognised(isElection, "the leader was lost or replaced meanwhile", "; ", "try again",
			rpctypes.ErrLeaderChanged.Error(), rpctypes.ErrNotLeader.Error(), rpctypes.ErrTimeoutDueToLeaderFail.Error()),
		server("the members did not agree in time", "; ", "their disks or their network may be too slow", rpctypes.ErrTimeout, rpctypes.ErrTimeoutDueToConnectionLost).
			depending(func(d *Diagnosis, ctx context.Context, _ error, _ string) string {
				return d.leader(ctx, "the members did not agree in time; their disks or their network may be too slow")
			}),
	}
}

// others returns the explanations of what is left: the database, downgrades, and failures
// of the connection.
func others() []explanation {
	return []explanation{
		server("a member's database is full", ": ", "remove what is not needed, then compaction, defrag and alarm disarm, or raise etcd's --quota-backend-bytes; endpoint status shows the sizes", rpctypes.ErrNoSpace),
		server("", "", "the version is given as in 3.6", rpctypes.ErrWrongDowngradeVersionFormat),
		server("", "", "it has to be the minor version before the cluster's", rpctypes.ErrInvalidDowngradeTargetVersion),
		server("", "", "downgrade cancel ends it; endpoint status shows to which version", rpctypes.ErrDowngradeInProcess),
		server("", "", "a range has to be given as it was granted, for example with --prefix; role get NAME shows what the role has", rpctypes.ErrPermissionNotGranted),
		server("", "", "\"auth bootstrap\" adds it and verifies its login; \"user add root\" only adds it", rpctypes.ErrRootUserNotExist),
		recognised(func(err error) bool { return answersHTTP(status.Convert(err).Message()) }, notEtcdCause, "; ", notEtcdRemedy,
			"unexpected HTTP status code received from server").
			depending(func(d *Diagnosis, _ context.Context, _ error, _ string) string {
				return d.attempts.throughProxy(notEtcd)
			}),
		recognised(func(err error) bool { return status.Code(err) == codes.Internal && retry.NotSent(err) },
			"a name or a password has bytes that are not UTF-8, which etcd does not take", "; ", "nothing was sent",
			"grpc: error while marshaling"),
		recognised(func(err error) bool { return status.Code(err) == codes.Internal }, "", "", "").
			depending(func(_ *Diagnosis, _ context.Context, _ error, doubt string) string {
				return strings.TrimPrefix(doubt, "; ")
			}),
		recognised(func(err error) bool { return status.Code(err) == codes.Unimplemented }, "this server is too old for the command", "", "",
			"unknown method METHOD for service SERVICE"),
		recognised(func(err error) bool {
			return status.Code(err) == codes.Unavailable && !strings.Contains(err.Error(), "etcdserver: ")
		}, "the connection broke before the answer came", "; ", "if the request makes changes, find out whether it has made them before you repeat it",
			"error reading from server: EOF").
			depending(func(d *Diagnosis, _ context.Context, _ error, doubt string) string {
				return d.attempts.throughProxy(d.attempts.reason("the connection broke before the answer came" + doubt))
			}),
	}
}

// members returns the explanations of errors about members.
func members() []explanation {
	return []explanation{
		server("the members change only while all of them have been connected for five seconds", "; ", "endpoint health --cluster shows which is not, and member list which never started", rpctypes.ErrUnhealthy),
		server("with this change too few members that run would be left for a majority", "; ", "member list shows which never started", rpctypes.ErrMemberNotEnoughStarted),
		server("it has not caught up yet, or does not run", ": ", "try again later; member list shows whether it ever started", rpctypes.ErrMemberLearnerNotReady),
		server("", "", "member list shows the IDs", rpctypes.ErrMemberNotFound),
		server("it has its vote already", "; ", "member list shows who has none", rpctypes.ErrMemberNotLearner),
		server("", "", "promote or remove the one that there is; member list shows it", rpctypes.ErrTooManyLearners),
		server("another member has one of these URLs", "; ", "member list shows which", rpctypes.ErrPeerURLExist),
		server("only a member with a vote can lead", "; ", "member list shows the IDs", rpctypes.ErrBadLeaderTransferee),
	}
}

const invalidToken = "the token is not one of this cluster's, or it has expired"

// reasonOfInvalidToken explains why the server refuses a token.
func (d *Diagnosis) reasonOfInvalidToken() string {
	if expiry := d.config.TokenExpiry; !expiry.IsZero() && time.Now().After(expiry) {
		return "the token expired at " + expiry.Format(time.RFC3339)
	}
	return invalidToken
}
