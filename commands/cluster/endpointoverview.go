package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/members"
	"github.com/ectl-io/ectl/output"
)

// overview holds the answers of one member.
type overview struct {
	status  *clientv3.StatusResponse
	members []*pb.Member      // empty if the user may not list them
	alarms  []*pb.AlarmMember // of all members; empty if the user may not list them
	expires time.Time         // the server's certificate
	latency time.Duration
	failed  error // of the linearizable read
}

// askOverview asks for the status first: a member without a leader answers nothing else.
func askOverview(ctx context.Context, c *etcd.Client, endpoint string) (overview, error) {
	status, err := c.Status(ctx, endpoint)
	if err != nil {
		return overview{}, err
	}
	o := overview{status: status}
	if list, err := c.MemberList(ctx, clientv3.WithSerializable()); err == nil {
		o.members = list.Members
	}
	o.expires = c.CertificateExpiry()
	if status.IsLearner {
		return o, nil // it serves no linearizable reads
	}
	if o.latency, err = timeRead(ctx, c); err != nil {
		o.failed = c.Explain(ctx, err)
		return o, nil
	}
	if alarms, err := c.AlarmList(ctx); err == nil {
		o.alarms = alarms.Alarms
	}
	return o, nil
}

func printOverview(ctx context.Context, f *cli.Factory, from *endpointFlags, endpoints []string) error {
	answers, err := askEach(ctx, f, endpoints, askOverview)
	if err != nil {
		return err
	}
	if err := from.printHead(f, "status"); err != nil {
		return err
	}
	sayWithoutStatus(f, answers)
	var found etcd.Clusters
	for _, a := range answers {
		if a.Response.status != nil {
			found.Add(a.Name(), (*pb.StatusResponse)(a.Response.status).GetHeader())
		}
		if a.Response.failed != nil {
			f.SayBad(fmt.Sprintf("%s is unhealthy: failed to commit proposal: %s", a.Name(), a.Response.failed), "unhealthy")
		}
	}
	if !members.NoneLoggedIn(answers) {
		if err := from.printOne(f, output.EndpointOverview{Members: membersOf(answers), Now: time.Now()}); err != nil {
			return err
		}
	}
	warnOfClusters(f, &found)
	return withoutStatus(answers)
}

// membersOf returns the overview of the members that the endpoints name.
func membersOf(answers []members.Answer[overview]) []output.MemberOverview {
	var newest int64
	var list []*pb.Member
	alarms := map[uint64][]string{}
	for _, a := range answers {
		if a.Response.status != nil {
			newest = max(newest, a.Response.status.Header.GetRevision())
		}
		if len(list) == 0 {
			list = a.Response.members
		}
		for _, alarm := range a.Response.alarms {
			if name := alarmName(alarm.Alarm); !slices.Contains(alarms[alarm.MemberID], name) {
				alarms[alarm.MemberID] = append(alarms[alarm.MemberID], name)
			}
		}
	}
	var all []output.MemberOverview
	names := memberNames(answers, list)
	for i, a := range answers {
		m := output.MemberOverview{Name: names[i], Health: output.MemberDown}
		if status := a.Response.status; status != nil {
			m = output.MemberOverview{
				Name: names[i], Role: roleOf(status), Latency: a.Response.latency, RevisionLag: newest - status.Header.GetRevision(),
				Size: status.DbSize, SizeInUse: status.DbSizeInUse, Quota: status.DbSizeQuota,
				Alarms: alarms[status.Header.GetMemberId()], Expires: a.Response.expires,
			}
			m.Health = healthOf(a.Response, len(m.Alarms) > 0)
		}
		all = append(all, m)
	}
	return all
}

func roleOf(status *clientv3.StatusResponse) string {
	switch {
	case status.IsLearner:
		return "learner"
	case status.Leader == status.Header.GetMemberId():
		return "leader"
	}
	return "follower"
}

func healthOf(o overview, alarmed bool) output.MemberHealth {
	switch {
	case o.failed != nil:
		return output.MemberFailed
	case alarmed:
		return output.MemberAlarm
	case o.status.IsLearner:
		return output.MemberUnknown
	}
	return output.MemberOK
}

// memberNames returns a name for each answer: the member's, or the host and port of the
// endpoint if the names of members are missing or not unique.
func memberNames(answers []members.Answer[overview], list []*pb.Member) []string {
	names := make([]string, len(answers))
	seen := map[string]int{}
	for i, a := range answers {
		at := slices.IndexFunc(list, func(m *pb.Member) bool {
			if a.Response.status != nil {
				return m.ID == a.Response.status.Header.GetMemberId()
			}
			return slices.ContainsFunc(m.ClientURLs, func(url string) bool { return bareHost(url) == bareHost(a.Endpoint) })
		})
		if at >= 0 {
			names[i] = list[at].Name
		}
		seen[names[i]]++
	}
	for i, a := range answers {
		if names[i] == "" || seen[names[i]] > 1 {
			names[i] = bareHost(a.Name())
		}
	}
	return names
}

// bareHost returns an endpoint without its scheme.
func bareHost(endpoint string) string {
	_, host, found := strings.Cut(endpoint, "://")
	if !found {
		return endpoint
	}
	return host
}
