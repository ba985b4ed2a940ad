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

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/retry"
)

// reason explains err, or returns an empty string. doubt is the end of the explanation
// if the request may have made a change.
func (d *Diagnosis) reason(ctx context.Context, err error, doubt string) string {
	for _, e := range explanations() {
		switch {
		case !e.matches(err):
		case e.reason != nil:
			return e.reason(d, ctx, err, doubt)
		default:
			return e.text()
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
	return strings.Join(leaderless, ", ") + ": no leader: fewer than half of the members of the cluster can be reached from there; those that never started count, and member list --consistency s shows them"
}

// isElection reports whether err means that the cluster has no leader at the moment.
func isElection(err error) bool {
	return errors.Is(err, rpctypes.ErrLeaderChanged) || errors.Is(err, rpctypes.ErrNoLeader) || errors.Is(err, rpctypes.ErrNotLeader) ||
		errors.Is(err, rpctypes.ErrTimeoutDueToLeaderFail) || retry.IsDropped(err)
}
