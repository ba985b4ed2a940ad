package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/parity"
)

// sameServerAttempts bounds how often a case on one server is tried.
const sameServerAttempts = 3

// runBoth runs one case on both sides: side by side where each has a server of
// its own, otherwise one after the other. What is volatile has been replaced in
// the results.
func (r *groupRun) runBoth(t *testing.T, c parity.Case) (reference, ours harness.Result) {
	t.Helper()
	if !r.group.SameServer {
		for {
			var running sync.WaitGroup
			running.Go(func() { ours = r.runVolatile(t, &r.ours, c) })
			reference = r.runVolatile(t, &r.reference, c)
			running.Wait()
			if !r.addedApart(t) {
				return reference, ours
			}
		}
	}
	for attempt := 1; ; attempt++ {
		reference, ours = r.runVolatile(t, &r.reference, c), r.runVolatile(t, &r.ours, c)
		if attempt == sameServerAttempts || reference.Stdout == ours.Stdout {
			return reference, ours
		}
	}
}

// addedApart removes the members that both sides have added last if they have
// different IDs: not in the same second, on a busy machine. The case is then to be
// repeated. An ID orders lists and is part of messages. A server makes it of the URLs
// and the second, and refuses one that was removed, so the next second has to come
// first.
func (r *groupRun) addedApart(t *testing.T) bool {
	t.Helper()
	both := []*side{&r.reference, &r.ours}
	last := len(r.ours.added) - 1
	if last < 0 || len(r.reference.added) != len(r.ours.added) || r.reference.added[last] == r.ours.added[last] {
		return false
	}
	for _, s := range both {
		id := s.added[last]
		s.added = s.added[:last]
		r.withClient(t, s, func(ctx context.Context, client *clientv3.Client) error {
			_, err := client.MemberRemove(ctx, id)
			return err
		})
	}
	for second := time.Now().Unix(); time.Now().Unix() == second; {
		time.Sleep(10 * time.Millisecond)
	}
	return true
}

// runVolatile runs one case on one side and replaces what the case says is
// volatile.
func (r *groupRun) runVolatile(t *testing.T, s *side, c parity.Case) harness.Result {
	t.Helper()
	replace := make([]func(string) string, 0, len(c.Volatile))
	for _, kind := range c.Volatile {
		replacer, ok := volatile[kind]
		if !ok {
			t.Fatalf("line %d: %q is not a kind of volatile text", c.Line, kind)
		}
		replace = append(replace, replacer(t, r, s))
	}
	got := r.run(t, s, c)
	for _, f := range replace {
		got.Stdout = f(got.Stdout)
	}
	return got
}

// volatile are the kinds of text that differ between two runs by nature. Each
// looks at the server before the run and returns what replaces the text after
// it. Nothing else is replaced, so that a program which prints something else
// in these places is still found out.
var volatile = map[string]func(*testing.T, *groupRun, *side) func(string) string{
	// How long a request took, and the width that it gives to a table.
	"took": func(*testing.T, *groupRun, *side) func(string) string {
		return func(text string) string {
			for _, pattern := range tookPatterns {
				text = pattern.ReplaceAllString(text, "${1}TIME${2}")
			}
			return anyWidth(text)
		}
	},
	// Each login is an entry of the Raft log, and so are more requests than one
	// would think.
	"raft-index": func(*testing.T, *groupRun, *side) func(string) string {
		return func(text string) string { return raftIndexes.ReplaceAllString(text, "${1}INDEX${2}INDEX") }
	},
	// The reference prints endpoints in the order in which they answer.
	"order": func(*testing.T, *groupRun, *side) func(string) string {
		return func(text string) string {
			return strings.Join(slices.Sorted(strings.Lines(text)), "")
		}
	},
	// The server makes the ID of a new member, by which lists are ordered, of
	// its URLs and the second. Both sides begin in the same one.
	"added-id": func(t *testing.T, r *groupRun, s *side) func(string) string {
		t.Helper()
		before := r.members(t, s)
		if into := time.Duration(time.Now().Nanosecond()); into > 300*time.Millisecond {
			time.Sleep(time.Second - into)
		}
		return func(text string) string {
			for _, m := range r.members(t, s) {
				if !slices.ContainsFunc(before, func(b *pb.Member) bool { return b.ID == m.ID }) {
					s.added = append(s.added, m.ID)
				}
			}
			for _, id := range s.added {
				text = replaceID(text, id, "ADDED")
			}
			return anyWidth(text)
		}
	},
	// Who leads, where cases move the leadership.
	"leader": func(t *testing.T, r *groupRun, s *side) func(string) string {
		t.Helper()
		leader, follower := r.leader(t, s)
		return func(text string) string {
			return replaceID(replaceID(text, leader.ID, "LEADER"), follower.ID, "FOLLOWER")
		}
	},
	// The server makes a lease's ID of the time, and the time runs.
	"lease-id":  replacing(leaseIDPatterns, "LEASE"),
	"lease-ids": replaceLeaseIDs,
	"remaining": replacing(remainingPatterns, "SECONDS"),
	// The key of who holds a lock or leads is named after its lease.
	"queue-key": replaceQueueKeys,
	// By how much a member grows is not even the same twice.
	"memory": func(*testing.T, *groupRun, *side) func(string) string {
		return func(text string) string { return usedMemory.ReplaceAllString(text, "used : N MB") }
	},
	// Each side has a server of its own.
	"endpoint": func(_ *testing.T, _ *groupRun, s *side) func(string) string {
		return func(text string) string { return strings.ReplaceAll(text, s.server.Endpoint(), "ENDPOINT") }
	},
	// protobuf's text format varies its spaces between two builds on purpose.
	"spaces": func(*testing.T, *groupRun, *side) func(string) string {
		return func(text string) string { return regexp.MustCompile(" +").ReplaceAllString(text, " ") }
	},
}

// raftIndexes are the two indexes behind the leader, the learner and the term
// in a line or row of "endpoint status".
var raftIndexes = regexp.MustCompile(`((?:(?:true|false),? *(?:│ *)?){2}[0-9]+,? *(?:│ *)?)[0-9]+(,? *(?:│ *)?)[0-9]+`)

var usedMemory = regexp.MustCompile(`used : -?[0-9]+\.[0-9]{2} MB`)

const duration = `(?:[0-9.]+(?:h|m|s|ms|µs))+`

var tookPatterns = []*regexp.Regexp{
	regexp.MustCompile(`(?m)(took = )` + duration + `()$`),
	regexp.MustCompile(`(?m)(took )` + duration + `()$`),
	regexp.MustCompile(`(?m)("Took" : )` + duration + `()$`),
	regexp.MustCompile(`("took":")` + duration + `(")`),
	regexp.MustCompile(`(│ *)` + duration + `( │)`),
}

// anyWidth makes the columns of a table one wide, and leaves other text alone.
func anyWidth(text string) string {
	if !strings.Contains(text, "│") {
		return text
	}
	return regexp.MustCompile(`(─)─+|( ) +`).ReplaceAllString(text, "$1$2")
}

// replaceID replaces an ID in each notation; etcdctl pads some with spaces.
func replaceID(text string, id uint64, by string) string {
	text = strings.ReplaceAll(text, "Member "+fmt.Sprintf("%16x", id), "Member "+by)
	text = strings.ReplaceAll(text, strconv.FormatUint(id, 16), by)
	return strings.ReplaceAll(text, strconv.FormatUint(id, 10), by)
}

// memberVariable is the value of a case's variable that names a member as it
// is now.
func (r *groupRun) memberVariable(t *testing.T, s *side, name string) (string, bool) {
	t.Helper()
	hex := func(id uint64) string { return fmt.Sprintf("%x", id) }
	switch name {
	case "ADDED_ID":
		if len(s.added) == 0 {
			t.Fatal("no case before has added a member")
		}
		return hex(s.added[len(s.added)-1]), true
	case "LEADER_ID", "LEADER_URL", "FOLLOWER_ID", "FOLLOWER_URL":
	default:
		return "", false
	}
	leader, follower := r.leader(t, s)
	member := leader
	if strings.HasPrefix(name, "FOLLOWER") {
		member = follower
	}
	if strings.HasSuffix(name, "_URL") {
		return member.ClientURLs[0], true
	}
	return hex(member.ID), true
}

func (r *groupRun) members(t *testing.T, s *side) []*pb.Member {
	t.Helper()
	var members []*pb.Member
	r.withClient(t, s, func(ctx context.Context, c *clientv3.Client) error {
		response, err := c.MemberList(ctx)
		if err == nil {
			members = response.Members
		}
		return err
	})
	return members
}

// leader returns the leader and the first member that is not.
func (r *groupRun) leader(t *testing.T, s *side) (leader, follower *pb.Member) {
	t.Helper()
	members := r.members(t, s)
	r.withClient(t, s, func(ctx context.Context, c *clientv3.Client) error {
		status, err := c.Status(ctx, s.server.Members[0].ClientURL)
		if err != nil {
			return err
		}
		for _, m := range members {
			switch {
			case m.ID == status.Leader:
				leader = m
			case follower == nil:
				follower = m
			}
		}
		return nil
	})
	if leader == nil || follower == nil {
		t.Fatalf("no leader or no follower among %v", members)
	}
	return leader, follower
}

// settle waits until the cluster versions of both servers are those that their
// downgrades, if any, lead to. A server looks at them every five seconds only.
func (r *groupRun) settle(t *testing.T) {
	t.Helper()
	for _, s := range []*side{&r.reference, &r.ours} {
		r.withClient(t, s, func(ctx context.Context, client *clientv3.Client) error {
			for {
				status, err := client.Status(ctx, s.server.Endpoint())
				if err != nil {
					return err
				}
				want := status.Version
				if status.DowngradeInfo.GetEnabled() {
					want = status.DowngradeInfo.GetTargetVersion()
				}
				got, err := clusterVersion(ctx, s.server.Endpoint())
				if err != nil {
					return err
				}
				if minor(got) == minor(want) {
					return nil
				}
				time.Sleep(50 * time.Millisecond)
			}
		})
	}
}

// clusterVersion asks a server without TLS for the version of its cluster.
func clusterVersion(ctx context.Context, endpoint string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/version", http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var versions struct{ Etcdcluster string }
	err = json.NewDecoder(response.Body).Decode(&versions)
	return versions.Etcdcluster, err
}

// minor returns 3.6 of 3.6.1 and of 3.6.
func minor(version string) string {
	return strings.Join(strings.SplitN(version, ".", 3)[:2], ".")
}

func (r *groupRun) withClient(t *testing.T, s *side, do func(context.Context, *clientv3.Client) error) {
	t.Helper()
	client, err := s.server.Client(r.root())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), harness.HangTimeout)
	defer cancel()
	if err := do(ctx, client); err != nil {
		t.Fatal(err)
	}
}
