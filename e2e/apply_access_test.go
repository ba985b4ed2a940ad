package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/internal/access"
)

// randomAccess returns few users and roles on few keys, so that they have much
// to do with one another.
func randomAccess(r *rand.Rand) access.State {
	s := access.NewState()
	s.Roles[access.RootRole] = access.Role{Name: access.RootRole}
	s.Users[access.RootUser] = access.User{Name: access.RootUser, Roles: []string{access.RootRole}}
	keys := func(key, end string) access.Range { return access.Range{Key: []byte(key), End: []byte(end)} }
	ranges := []access.Range{keys("a", ""), keys("a", "c"), keys("a", "b"), keys("b", ""), keys("b", "c"), keys("c", ""), keys("b", access.OpenEnd)}
	var roles []string
	for i := range 5 {
		role := access.Role{Name: fmt.Sprintf("r%d", i)}
		for range r.IntN(4) {
			p := access.Permission{Access: access.Access(1 + r.IntN(3)), Range: ranges[r.IntN(len(ranges))]}
			if !slices.ContainsFunc(role.Permissions, func(q access.Permission) bool { return q.Range.Equal(p.Range) }) {
				role.Permissions = append(role.Permissions, p)
			}
		}
		if r.IntN(5) > 0 {
			roles = append(roles, role.Name)
			s.Roles[role.Name] = role
		}
	}
	for i := range 4 {
		user := access.User{Name: fmt.Sprintf("u%d", i)}
		for _, role := range roles {
			if r.IntN(3) == 0 {
				user.Roles = append(user.Roles, role)
			}
		}
		s.Users[user.Name] = user
	}
	return s
}

// prober asks the server again and again, as a user, for what it must always
// be allowed and for what it never may.
type prober struct {
	client *clientv3.Client
	user   string
	asked  int
}

// probe is a transaction without effect: the operation stands in the branch
// that is never taken, and is checked nevertheless.
type probe struct {
	op      clientv3.Op
	says    string
	allowed bool
}

func probes(user string, from, to access.State) []probe {
	before, after := from.Effective(user), to.Effective(user)
	var all []probe
	for _, r := range []access.Range{
		{Key: []byte("a")}, {Key: []byte("a"), End: []byte("b")}, {Key: []byte("aa")}, {Key: []byte("b")}, {Key: []byte("b"), End: []byte("c")},
		{Key: []byte("bb"), End: []byte("bc")}, {Key: []byte("c")}, {Key: []byte("a"), End: []byte("c")}, {Key: []byte("d"), End: []byte(access.OpenEnd)},
	} {
		for _, kind := range access.ReadWrite.Kinds() {
			op := clientv3.OpGet(string(r.Key), clientv3.WithRange(string(r.End)))
			if kind == access.Write {
				op = clientv3.OpDelete(string(r.Key), clientv3.WithRange(string(r.End)))
			}
			always := before.Keys(kind).Intersection(after.Keys(kind)).Contains(r)
			never := !before.Keys(kind).Union(after.Keys(kind)).Contains(r)
			if always || never {
				all = append(all, probe{op, fmt.Sprintf("%s %s", kind, r), always})
			}
		}
	}
	return all
}

// ask asks until done is closed and returns the first wrong answer.
func (p *prober) ask(ctx context.Context, all []probe, done <-chan struct{}) error {
	for {
		for _, q := range all {
			_, err := p.client.Txn(ctx).Else(q.op).Commit()
			p.asked++
			switch {
			case err != nil && !errors.Is(err, rpctypes.ErrPermissionDenied):
				if !errors.Is(err, rpctypes.ErrAuthOldRevision) { // changed while it was asked
					return err
				}
			case (err == nil) != q.allowed:
				return fmt.Errorf("%s to %s: allowed %t", p.user, q.says, err == nil)
			}
		}
		select {
		case <-done:
			return nil
		default:
		}
	}
}

// TestNoUserLosesOrGainsAccessWhileAPolicyIsApplied goes from one random policy
// to the next on a real server, while its users ask for what they must always
// be allowed, and for what neither policy allows.
func TestNoUserLosesOrGainsAccessWhileAPolicyIsApplied(t *testing.T) {
	t.Parallel()
	a := newApplier(t, etcdserver.Options{Dir: t.TempDir(), RootPassword: harness.RootPassword})
	proxy := harness.NewRPCProxy(t, a.server.Endpoint())
	// Each change takes a while, and overtakes others.
	proxy.Handle = func(ctx context.Context, rpc *harness.RPC) error {
		if rpc.Change > 0 {
			time.Sleep(time.Duration(rand.IntN(8)) * time.Millisecond)
		}
		return rpc.Forward(ctx)
	}
	rounds := 12
	if os.Getenv("ECTL_SOAK") != "" {
		rounds = 1000
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	from := randomAccess(r)
	a.set(from, true)
	clients := map[string]*clientv3.Client{}
	for _, user := range []string{"u0", "u1", "u2", "u3"} {
		client, err := a.server.Client(user, "pw")
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		clients[user] = client
	}
	asked := 0
	for round := range rounds {
		to := randomAccess(r)
		file := a.policyFile(to)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		// Their passwords stay as they are.
		if err := os.WriteFile(file, bytes.ReplaceAll(text, []byte(`"password":"none",`), nil), 0o600); err != nil {
			t.Fatal(err)
		}
		var asking sync.WaitGroup
		done := make(chan struct{})
		var mu sync.Mutex
		for user, client := range clients {
			asking.Go(func() {
				p := &prober{client: client, user: user}
				err := p.ask(t.Context(), probes(user, from, to), done)
				mu.Lock()
				defer mu.Unlock()
				if asked += p.asked; err != nil {
					t.Errorf("round %d: %v", round, err)
				}
			})
		}
		status, printed := a.apply(proxy.Address, file)
		close(done)
		asking.Wait()
		if status != 0 {
			t.Fatalf("round %d: status %d\n%s", round, status, printed)
		}
		if err := follows(to, a.state()); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		if t.Failed() {
			t.Fatalf("round %d:\n%s", round, printed)
		}
		from = to
	}
	if asked < 50*rounds {
		t.Errorf("the users asked %d times only", asked)
	}
}
