package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/metadata"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/reader"
)

// TestDecisionsAreTheServers puts random questions to package access and, as
// requests of the user in question, to a server of every version. Users, roles,
// grants and questions are the same in every run; to explore, set
// ECTL_RANDOM_SEED and ECTL_RANDOM_DECISIONS.
func TestDecisionsAreTheServers(t *testing.T) {
	seed := number(t, "ECTL_RANDOM_SEED", 1)
	questions := number(t, "ECTL_RANDOM_DECISIONS", 20_000)
	for i, version := range etcdserver.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			d := newDecisions(t, version, rand.New(rand.NewPCG(seed, uint64(i))))
			d.ask(t, int(questions))
		})
	}
}

// decisions is a server with random users and roles.
type decisions struct {
	random *rand.Rand
	client *clientv3.Client // without a login: each request has the token of a user
	users  []string
	tokens map[string]string
	state  access.State
	keys   []string // that ranges begin and end with
}

const (
	decidingUsers = 120
	decidingRoles = 60
)

func newDecisions(t *testing.T, version string, random *rand.Rand) *decisions {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), harness.HangTimeout)
	defer cancel()
	server := harness.StartServer(t, etcdserver.Options{Version: version})
	client, err := server.Client("", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	d := &decisions{random: random, client: client, tokens: map[string]string{}}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	// Few bytes, so that ranges meet, overlap, touch and nest.
	for _, first := range []string{"\x00", "\x01", "/", "a", "b", "\xfe", "\xff"} {
		d.keys = append(d.keys, first)
		for _, second := range []string{"\x00", "a", "b", "\xff"} {
			d.keys = append(d.keys, first+second, first+second+"\x00", first+second+"\xff")
		}
	}
	for i := range decidingRoles {
		role := fmt.Sprint("role", i)
		_, err := d.client.RoleAdd(ctx, role)
		must(err)
		for range random.IntN(6) {
			r := d.randomRange()
			kind := reader.PermissionType([]access.Access{access.Read, access.Write, access.ReadWrite}[random.IntN(3)])
			if random.IntN(20) == 0 {
				r.Key = nil // which is no key
			}
			_, err := d.client.RoleGrantPermission(ctx, role, string(r.Key), string(r.End), kind)
			// A grant on no key is refused, but by 3.4. There it allows nothing.
			if (r.IsEmpty() || len(r.Key) == 0) && version != "3.4.23" {
				if err == nil {
					t.Fatalf("the grant on %q is taken", r)
				}
				continue
			}
			must(err)
		}
	}
	for i := range decidingUsers {
		user := fmt.Sprint("user", i)
		d.users = append(d.users, user)
		_, err := d.client.UserAdd(ctx, user, "pw")
		must(err)
		for range random.IntN(5) {
			_, err := d.client.UserGrantRole(ctx, user, fmt.Sprint("role", random.IntN(decidingRoles)))
			must(err)
		}
	}
	// The role root, of which nothing but its name counts, also for user0.
	_, err = d.client.RoleAdd(ctx, access.RootRole)
	must(err)
	_, err = d.client.RoleGrantPermission(ctx, access.RootRole, "a", "", clientv3.PermissionType(clientv3.PermRead))
	must(err)
	_, err = d.client.UserAdd(ctx, access.RootUser, "pw")
	must(err)
	for _, user := range []string{access.RootUser, "user0"} {
		_, err = d.client.UserGrantRole(ctx, user, access.RootRole)
		must(err)
	}
	_, err = d.client.AuthEnable(ctx)
	must(err)
	for _, user := range append(d.users, access.RootUser) {
		response, err := d.client.Authenticate(ctx, user, "pw")
		must(err)
		d.tokens[user] = response.Token
	}
	snapshot, err := reader.Read(d.as(ctx, access.RootUser), d.client, func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, harness.HangTimeout)
	})
	must(err)
	if len(snapshot.Users) != decidingUsers+1 || len(snapshot.Roles) != decidingRoles+1 || !snapshot.Enabled {
		t.Fatalf("read %d users and %d roles, authentication on: %t", len(snapshot.Users), len(snapshot.Roles), snapshot.Enabled)
	}
	d.state = snapshot.State
	return d
}

func (d *decisions) as(ctx context.Context, user string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, rpctypes.TokenFieldNameGRPC, d.tokens[user])
}

func (d *decisions) key() []byte { return []byte(d.keys[d.random.IntN(len(d.keys))]) }

// randomRange returns a range of every kind, now and then without a key.
func (d *decisions) randomRange() access.Range {
	r := access.Range{Key: d.key()}
	switch d.random.IntN(10) {
	case 0:
		r.End = []byte(access.OpenEnd)
	case 1, 2:
		r.End = access.PrefixEnd(r.Key)
	case 3, 4:
	case 5:
		if d.random.IntN(10) == 0 {
			return access.Everything()
		}
		fallthrough
	default:
		r.End = d.key()
		if r.IsEmpty() && d.random.IntN(10) > 0 {
			r.Key, r.End = r.End, r.Key
		}
	}
	return r
}

// question is whether a user may do something.
type question struct {
	user   string
	access access.Access
	keys   access.Range
	how    int // which of the requests that need it
}

func (q question) String() string {
	return fmt.Sprintf("%s on %s (%q to %q) by %s, request %d", q.access, q.keys, q.keys.Key, q.keys.End, q.user, q.how)
}

// random returns a question. Most are about what the user is allowed, or almost:
// of a range at random little is ever allowed as a whole.
func (d *decisions) question() question {
	q := question{
		user:   d.users[d.random.IntN(len(d.users))],
		access: []access.Access{access.Read, access.Write, access.ReadWrite}[d.random.IntN(3)],
		how:    d.random.IntN(4),
	}
	allowed := d.state.Effective(q.user).Keys(q.access).Ranges()
	for {
		if q.keys = d.randomRange(); len(allowed) > 0 && d.random.IntN(4) > 0 {
			q.keys = allowed[d.random.IntN(len(allowed))]
			switch d.random.IntN(6) {
			case 0:
				q.keys.Key = append(q.keys.Key, "\x00a\xff"[d.random.IntN(3)])
			case 1:
				q.keys.Key = d.key()
			case 2:
				q.keys.End = d.key()
			case 3:
				q.keys.End = append(slices.Clone(q.keys.End), 0)
			case 4:
				q.keys.End = nil
			}
		}
		// The server refuses a request without a key, and decides about a range
		// without keys by the accident of how its tree has grown.
		if len(q.keys.Key) > 0 && !q.keys.IsEmpty() {
			return q
		}
	}
}

// put puts the question to the server: by the request itself, which finds no
// keys, or by one that cannot have an effect.
func (d *decisions) put(ctx context.Context, q question) (bool, error) {
	ctx = d.as(ctx, q.user)
	key, end := string(q.keys.Key), clientv3.WithRange(string(q.keys.End))
	get := clientv3.OpGet(key, end, clientv3.WithSerializable())
	if q.how%2 == 0 {
		get = clientv3.OpGet(key, end, clientv3.WithCountOnly())
	}
	var err error
	switch {
	case q.access == access.Read && q.how > 1:
		_, err = d.client.Txn(ctx).Else(get).Commit()
	case q.access == access.Read:
		_, err = d.client.Do(ctx, get)
	case q.access == access.Write && q.how == 0:
		_, err = d.client.Txn(ctx).Else(clientv3.OpDelete(key, end)).Commit()
	case q.access == access.Write && q.how == 1 && len(q.keys.End) == 0:
		_, err = d.client.Txn(ctx).Else(clientv3.OpPut(key, "")).Commit()
	case q.access == access.Write:
		_, err = d.client.Delete(ctx, key, end)
	case q.how > 1:
		_, err = d.client.Delete(ctx, key, end, clientv3.WithPrevKV())
	default:
		_, err = d.client.Txn(ctx).Else(get, clientv3.OpDelete(key, end)).Commit()
	}
	if errors.Is(err, rpctypes.ErrPermissionDenied) {
		return false, nil
	}
	return err == nil, err
}

func (d *decisions) ask(t *testing.T, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), harness.HangTimeout)
	defer cancel()
	effective := map[string]access.Effective{}
	for _, user := range d.users {
		effective[user] = d.state.Effective(user)
	}
	questions := make(chan question, 64)
	var asking sync.WaitGroup
	var wrong, yes atomic.Int64
	for range 32 {
		asking.Go(func() {
			for q := range questions {
				got, err := d.put(ctx, q)
				if err != nil {
					t.Errorf("%s: %v", q, err)
					cancel()
					continue
				}
				if got {
					yes.Add(1)
				}
				if want := effective[q.user].Allows(q.access, q.keys); got != want && wrong.Add(1) <= 10 {
					t.Errorf("%s: the server says %t, package access %t\nroles %q\ngrants %v", q, got, want, d.state.Users[q.user].Roles, effective[q.user].Grants)
				}
			}
		})
	}
	for range n {
		select {
		case questions <- d.question():
		case <-ctx.Done():
		}
	}
	close(questions)
	asking.Wait()
	if part := int(yes.Load()) * 100 / n; part < 20 || part > 80 {
		t.Errorf("%d%% of the answers are yes: the questions are no good", part)
	}
	t.Logf("%d decisions, %d of them yes, %d differ", n, yes.Load(), wrong.Load())
}
