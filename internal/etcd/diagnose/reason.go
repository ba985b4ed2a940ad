package diagnose

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/retry"
)

// reason explains err, or returns an empty string. doubt is the end of the explanation
// if the request may have made a change.
func (d *Diagnosis) reason(ctx context.Context, err error, doubt string) string {
	if e, ok := errors.AsType[*answeredError](err); ok {
		return e.reason()
	}
	if isDenied(err) {
		return d.reasonOfDenial(ctx)
	}
	if reason := reasonOfLimit(err); reason != "" {
		return reason
	}
	switch {
	case errors.Is(err, rpctypes.ErrInvalidAuthMgmt):
		return d.reasonOfInvalidAuth()
	case errors.Is(err, rpctypes.ErrCompacted):
		return d.reasonOfCompaction(ctx)
	case errors.Is(err, rpctypes.ErrFutureRev):
		return "the cluster has not reached it; \"get KEY -w fields\" shows the current revision"
	case errors.Is(err, rpctypes.ErrUserNotFound):
		return d.reasonOfMissingUser(ctx)
	case errors.Is(err, rpctypes.ErrRoleNotFound):
		return d.reasonOfMissingRole(ctx)
	case errors.Is(err, rpctypes.ErrRoleNotGranted):
		return d.reasonOfRoleNotGranted(ctx)
	case errors.Is(err, context.DeadlineExceeded), status.Code(err) == codes.DeadlineExceeded:
		return d.reasonOfDeadline(ctx, doubt)
	case errors.Is(err, rpctypes.ErrUserEmpty), strings.HasSuffix(err.Error(), "auth: user name is empty"): // maintenance before etcd 3.6
		return d.reasonOfNoUser()
	case errors.Is(err, rpctypes.ErrInvalidAuthToken):
		if expiry := d.config.TokenExpiry; !expiry.IsZero() && time.Now().After(expiry) {
			return "the token expired at " + expiry.Format(time.RFC3339)
		}
		return "the token is not one of this cluster's, or it has expired"
	case errors.Is(err, rpctypes.ErrAuthOldRevision):
		return "users or roles have changed since the token was made; get a new one"
	case errors.Is(err, rpctypes.ErrNoLeader):
		return "fewer than half of the members can be reached, or an election is going on"
	case isElection(err):
		return "the leader was lost or replaced meanwhile; try again"
	case errors.Is(err, rpctypes.ErrTimeout), errors.Is(err, rpctypes.ErrTimeoutDueToConnectionLost):
		return d.leader(ctx, "the members did not agree in time; their disks or their network may be too slow")
	case errors.Is(err, rpctypes.ErrUnhealthy):
		return "the members change only while all of them have been connected for five seconds; endpoint health --cluster shows which is not"
	case errors.Is(err, rpctypes.ErrMemberNotEnoughStarted):
		return "with this change too few members that run would be left for a majority; member list shows which never started"
	case errors.Is(err, rpctypes.ErrMemberLearnerNotReady):
		return "it has not caught up yet, or does not run: try again later"
	case errors.Is(err, rpctypes.ErrMemberNotFound):
		return "member list shows the IDs"
	case errors.Is(err, rpctypes.ErrMemberNotLearner):
		return "it has its vote already; member list shows who has none"
	case errors.Is(err, rpctypes.ErrTooManyLearners):
		return "promote or remove the one that there is; member list shows it"
	case errors.Is(err, rpctypes.ErrPeerURLExist):
		return "another member has one of these URLs; member list shows which"
	case errors.Is(err, rpctypes.ErrBadLeaderTransferee):
		return "only a member with a vote can lead; member list shows the IDs"
	case errors.Is(err, rpctypes.ErrNoSpace):
		return "a member's database is full: remove what is not needed, then compaction, defrag and alarm disarm, or raise etcd's --quota-backend-bytes; endpoint status shows the sizes"
	case errors.Is(err, rpctypes.ErrWrongDowngradeVersionFormat):
		return "the version is given as in 3.6"
	case errors.Is(err, rpctypes.ErrInvalidDowngradeTargetVersion):
		return "it has to be the minor version before the cluster's"
	case errors.Is(err, rpctypes.ErrDowngradeInProcess):
		return "downgrade cancel ends it; endpoint status shows to which version"
	case errors.Is(err, rpctypes.ErrPermissionNotGranted):
		return "a range has to be given as it was granted, with --prefix for a prefix say; role get NAME shows what the role has"
	case errors.Is(err, rpctypes.ErrRootUserNotExist):
		return "\"auth bootstrap\" adds it and verifies its login; \"user add root\" only adds it"
	}
	if answersHTTP(status.Convert(err).Message()) {
		return d.attempts.throughProxy(notEtcd)
	}
	switch status.Code(err) {
	case codes.Internal: // a proxy or the connection, not etcd
		if retry.NotSent(err) {
			return "a name or a password has bytes that are not UTF-8, which etcd does not take; nothing was sent"
		}
		return strings.TrimPrefix(doubt, "; ")
	case codes.Unimplemented:
		return "this server is too old for the command"
	case codes.Unavailable:
		if !strings.Contains(err.Error(), "etcdserver: ") {
			return d.attempts.throughProxy(d.attempts.reason("the connection broke before the answer came" + doubt))
		}
	}
	return ""
}

// reasonOfNoUser explains why the server identifies no user.
func (d *Diagnosis) reasonOfNoUser() string {
	const empty = "the command names an empty user, or "
	if d.config.Identity != nil {
		switch who := d.config.Identity(); {
		case who.By == byCertificate && who.User == "":
			return empty + "authentication is on and the client certificate has no common name, so it identifies no user"
		case who.By == byCertificate:
			return empty + "the server ignores the client certificate of " + name(who.User) + ": it runs without --client-cert-auth, or behind a proxy; log in with " + d.config.Flags.Login
		}
	}
	return empty + "authentication is on; say who you are with " + d.config.Flags.Login + " or a client certificate"
}

// reasonOfDeadline explains why no response came in time. That is why no connection was
// made, or else what is known of the servers that did not respond.
func (d *Diagnosis) reasonOfDeadline(ctx context.Context, doubt string) string {
	d.mu.Lock()
	last := d.last
	d.mu.Unlock()
	if strings.HasPrefix(last, "etcdserver: ") {
		return d.leader(ctx, last)
	}
	return d.attempts.throughProxy(d.reasonOfNoConnection(ctx, last, doubt))
}

// reasonOfNoConnection explains why there is no connection, or no response on it. last
// is gRPC's text of the last failed request.
func (d *Diagnosis) reasonOfNoConnection(ctx context.Context, last, doubt string) string {
	d.mu.Lock()
	timeout, flag := d.config.Timeout, d.config.TimeoutFlag
	d.mu.Unlock()
	if answering := d.attempts.answering(); len(answering) > 0 {
		return d.leader(ctx, fmt.Sprintf("%s did not answer within %s (%s)", strings.Join(answering, ", "), timeout, flag)) + doubt
	}
	if cause := transportCause(last); cause != "" && !d.attempts.direct {
		return meaningOfProxy(cause)
	}
	return d.attempts.reason("no answer came")
}

// transportCause extracts the innermost reason from gRPC's description of a failed
// connection, or returns an empty string. The regular expression is compiled only here,
// because every start would otherwise take longer.
func transportCause(message string) string {
	expression := regexp.MustCompile(`desc = "(?:transport: )?(?:Error while dialing: |authentication handshake failed: )?(.*)"`)
	if cause := expression.FindStringSubmatch(message); cause != nil {
		return strings.ReplaceAll(cause[1], `\"`, `"`)
	}
	return ""
}

// leaderTimeout limits the requests that check for a leader.
const leaderTimeout = time.Second

// leader names the responding members that have no leader. If there are none, it returns
// otherwise. A member without a leader refuses a request that needs one immediately,
// before it checks the identity of the user.
func (d *Diagnosis) leader(ctx context.Context, otherwise string) string {
	ctx, cancel := context.WithTimeout(ctx, leaderTimeout)
	defer cancel()
	config := d.config.Client
	config.Context, config.DialOptions = ctx, nil
	config.Username, config.Password, config.Token = "", "", ""
	config.MaxUnaryRetries = 1
	client, err := clientv3.New(config)
	if err != nil {
		return otherwise
	}
	defer func() { _ = client.Close() }()
	endpoints := d.attempts.answering()
	leaderless := make([]string, len(endpoints))
	asking, _ := crash.NewGroup(ctx, max(1, len(endpoints)))
	for i, endpoint := range endpoints {
		asking.Start(func() error {
			if _, err := client.Status(clientv3.WithRequireLeader(ctx), endpoint); errors.Is(err, rpctypes.ErrNoLeader) {
				leaderless[i] = endpoint
			}
			return nil
		})
	}
	_ = asking.Wait()
	leaderless = slices.DeleteFunc(leaderless, func(endpoint string) bool { return endpoint == "" })
	if len(leaderless) == 0 {
		return otherwise
	}
	return strings.Join(leaderless, ", ") + ": no leader: fewer than half of the members of the cluster can be reached from there"
}

// isElection reports whether err means that the cluster has no leader at the moment.
func isElection(err error) bool {
	return errors.Is(err, rpctypes.ErrLeaderChanged) || errors.Is(err, rpctypes.ErrNoLeader) || errors.Is(err, rpctypes.ErrNotLeader) ||
		errors.Is(err, rpctypes.ErrTimeoutDueToLeaderFail) || retry.IsDropped(err)
}
