package e2e

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// startForCompletion starts a server that holds what the tests complete to.
func startForCompletion(t *testing.T, options etcdserver.Options) *etcdserver.Server {
	t.Helper()
	server := harness.StartServer(t, options)
	user, password := "", ""
	if options.RootPassword != "" {
		user, password = "root", options.RootPassword
	}
	client, err := server.Client(user, password)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), harness.HangTimeout)
	defer cancel()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{
		"alice", "bob@example.com", "bob@example.org", "system:node:worker", "system:node:witness", "ünal",
		"space man", "-dash", `quo"te`, "semi;colon", "tab\tbed", "evil$(touch pwned)1", "evil$(touch pwned)2", "evil`touch pwned`",
	} {
		_, err := client.UserAddWithOptions(ctx, name, "", &clientv3.UserAddOptions{NoPassword: true})
		must(err)
	}
	for _, name := range []string{"app", "audit", "backup"} {
		_, err := client.RoleAdd(ctx, name)
		must(err)
	}
	for _, role := range []string{"app", "backup"} {
		_, err := client.UserGrantRole(ctx, "alice", role)
		must(err)
	}
	for _, p := range []struct {
		key, end string
		kind     clientv3.PermissionType
	}{
		{"/app/", "/app0", clientv3.PermissionType(clientv3.PermReadWrite)},
		{"/app/", "", clientv3.PermissionType(clientv3.PermRead)},
		{"/single", "", clientv3.PermissionType(clientv3.PermRead)},
		{"/from", "\x00", clientv3.PermissionType(clientv3.PermRead)},
		{"a-b=c:d@e", "", clientv3.PermissionType(clientv3.PermRead)},
	} {
		_, err := client.RoleGrantPermission(ctx, "app", p.key, p.end, p.kind)
		must(err)
	}
	for _, key := range []string{
		"/app/conf/name", "/app/conf/number", "/app/conf/nested/deep", "/app2/x", "/odd key/x", "/odd$(touch pwned)/x", "zone", "zone/a",
		"urn:isbn:123", "a-b=c:d@e",
	} {
		_, err := client.Put(ctx, key, "v")
		must(err)
	}
	for _, queue := range plantedQueues() {
		lease, err := client.Grant(ctx, queueTTL)
		must(err)
		for range queue.clients {
			_, err = client.Put(ctx, fmt.Sprintf("%s/%x", queue.name, lease.ID), queue.value, clientv3.WithLease(lease.ID))
			must(err)
			lease, err = client.Grant(ctx, queueTTL)
			must(err)
		}
		_, err = client.Revoke(ctx, lease.ID)
		must(err)
	}
	return server
}

// queueTTL outlives the tests.
const queueTTL = 100_000

// plantedQueue is a lock or an election, which has a value.
type plantedQueue struct {
	name, value string
	clients     int
}

func plantedQueues() []plantedQueue {
	return []plantedQueue{
		{"/app/locks/deploy", "", 2}, {"/app/locks/backup", "", 1}, {"/app/locks/chief", "host1", 2},
		{"/deploy", "", 1}, {"/odd lock", "", 1}, {"/evil$(touch pwned)", "", 1},
	}
}

// completed is what the program answers to a completion script.
type completed struct {
	Words     []string // without descriptions
	Directive string
	Took      time.Duration
	harness.Result
}

// Directives of cobra's completion scripts.
const (
	noFiles         = ":4"
	noFilesNorSpace = ":6"
	anyFile         = ":0"
)

func complete(t *testing.T, env []string, args ...string) completed {
	t.Helper()
	start := time.Now()
	r := harness.Run(t, harness.Command{
		Program: harness.Ectl(),
		Args:    append([]string{"__complete"}, args...),
		Env:     env,
		Dir:     t.TempDir(),
		// A question or a look at standard input would end here, and show.
		Terminal: []harness.Answer{},
	})
	c := completed{Took: time.Since(start), Result: r}
	lines := strings.Split(strings.TrimSuffix(r.Stdout, "\n"), "\n")
	c.Directive = lines[len(lines)-1]
	for _, line := range lines[:len(lines)-1] {
		word, _, _ := strings.Cut(line, "\t")
		c.Words = append(c.Words, word)
	}
	return c
}

// limit is how long a completion may take: the 300 ms that it has, what starting a
// program takes, and where that was not enough, what starting one takes now that
// does nothing, several times.
func (c completed) limit(t *testing.T) time.Duration {
	t.Helper()
	const quick, several = 800 * time.Millisecond, 5
	if c.Took <= quick {
		return quick
	}
	start := time.Now()
	harness.Run(t, harness.Command{Program: harness.Ectl(), Args: []string{"version"}, Env: harness.Env(t.TempDir()), Terminal: []harness.Answer{}})
	return quick + several*time.Since(start)
}

func TestCompletionThatCannotAnswerIsSilentAndQuick(t *testing.T) {
	server := startForCompletion(t, etcdserver.Options{RootPassword: harness.RootPassword})
	silent := harness.SilentEndpoint(t)
	stopped := startForCompletion(t, etcdserver.Options{})
	if err := stopped.Members[0].Pause(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stopped.Members[0].Continue() }()
	const root = "ETCDCTL_USER=root:" + harness.RootPassword
	for name, test := range map[string]struct {
		env  []string
		args []string
	}{
		"refused":               {[]string{"ETCDCTL_ENDPOINTS=" + harness.RefusingEndpoint(t)}, nil},
		"no answer":             {[]string{"ETCDCTL_ENDPOINTS=" + silent}, nil},
		"no answer to a login":  {[]string{"ETCDCTL_ENDPOINTS=" + silent, root}, nil},
		"stopped":               {[]string{"ETCDCTL_ENDPOINTS=" + stopped.Endpoint()}, nil},
		"unknown host":          {[]string{"ETCDCTL_ENDPOINTS=no-such-host.invalid:2379"}, nil},
		"no such domain":        {[]string{"ETCDCTL_DISCOVERY_SRV=no-such-domain.invalid"}, nil},
		"nobody":                {nil, nil},
		"password to ask for":   {[]string{"ETCDCTL_USER=root"}, nil},
		"password on stdin":     {[]string{"ETCDCTL_USER=root"}, []string{"--password-file", "-"}},
		"wrong password":        {[]string{"ETCDCTL_USER=root:wrong"}, nil},
		"wrong token":           {[]string{"ETCDCTL_AUTH_JWT_TOKEN=nonsense"}, nil},
		"flag and variable":     {[]string{root}, []string{"--user", "root:" + harness.RootPassword}},
		"unknown format":        {[]string{root, "ETCDCTL_WRITE_OUT=poetry"}, nil},
		"no such certificate":   {[]string{root, "ETCDCTL_CACERT=no-such-file"}, nil},
		"TLS to a plain server": {[]string{"ETCDCTL_ENDPOINTS=" + strings.Replace(server.Endpoint(), "http:", "https:", 1), root}, nil},
		"debug":                 {[]string{"ETCDCTL_USER=root:wrong", "ETCDCTL_DEBUG=true"}, nil},
		"unknown variable":      {[]string{"ETCDCTL_USER=root:wrong", "ETCDCTL_NO_SUCH=1"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			env := harness.Env(t.TempDir(), append([]string{"ETCDCTL_ENDPOINTS=" + server.Endpoint()}, test.env...)...)
			harness.Retry(t, func() string {
				c := complete(t, env, append(test.args, "user", "get", "")...)
				if c.Stdout != noFiles+"\n" || c.Status != "0" {
					t.Errorf("stdout %q and status %s, want no candidate", c.Stdout, c.Status)
				}
				if c.Stderr != "Completion ended with directive: ShellCompDirectiveNoFileComp\n" || c.Terminal != "" {
					t.Errorf("the screen shows %q and %q", c.Stderr, c.Terminal)
				}
				if limit := c.limit(t); c.Took > limit {
					return fmt.Sprintf("it took %s, more than %s", c.Took, limit)
				}
				return ""
			})
		})
	}
	// The same with all of it right, so that silence above means something.
	env := harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+server.Endpoint(), root, "ETCDCTL_DEBUG=true", "ETCDCTL_NO_SUCH=1")
	harness.Retry(t, func() string {
		c := complete(t, env, "user", "get", "al")
		if !slices.Equal(c.Words, []string{"alice"}) || strings.Count(c.Stderr, "\n") != 1 {
			return fmt.Sprintf("root completes %q, and the screen shows %q", c.Words, c.Stderr)
		}
		return ""
	})
}

func TestCompletionHasADirectiveForEveryWord(t *testing.T) {
	server := startForCompletion(t, etcdserver.Options{})
	env := harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+server.Endpoint())
	client, err := server.Client("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	zone, err := client.Get(t.Context(), "zone")
	if err != nil {
		t.Fatal(err)
	}
	list, err := client.MemberList(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	member, memberID := list.Members[0], fmt.Sprintf("%x", list.Members[0].GetID())
	current, created := strconv.FormatInt(zone.Header.GetRevision(), 10), strconv.FormatInt(zone.Kvs[0].GetCreateRevision(), 10)
	for _, test := range []struct {
		line      string
		words     string
		directive string
	}{
		{"user add ", "", noFiles},
		{"user get alice ", "", noFiles},
		{"role get ", "app audit backup", noFiles},
		{"role delete a", "app audit", noFiles},
		{"user grant-role ali", "alice", noFiles},
		{"user revoke-role alice ", "app backup", noFiles},
		{"user add x --roles ", "app audit backup", noFilesNorSpace},
		{"user add x --roles app,", "app,audit app,backup", noFilesNorSpace},
		{"role add x --key-prefix /app", "/app/ /app2/", noFilesNorSpace},
		{"role add x --key-prefix /app/ --read --key zo", "zone zone/", noFilesNorSpace},
		{"role grant-permission app ", "read readwrite write", noFiles},
		{"role revoke-permission app ", "/app/ /from /single a-b=c:d@e", noFiles},
		{"role revoke-permission app --prefix ", "/app/", noFiles},
		{"role revoke-permission app --prefix /app/ ", "", noFiles},
		{"role revoke-permission app /single ", "", noFiles},
		{"role revoke-permission app /app/ /", "/app0", noFiles},
		{"get /app", "/app/ /app2/", noFilesNorSpace},
		{"get /app/conf/nu", "/app/conf/number", noFiles},
		{"get zo", "zone zone/", noFilesNorSpace},
		{"del /app2/", "/app2/x", noFiles},
		{"put zone ", "", noFiles},
		{"get k --sort-by ", "CREATE KEY MODIFY VALUE VERSION", noFiles},
		{"get k --consistency ", "l s", noFiles},
		{"get k --limit ", "", noFiles},
		{"lock ", "/app/locks/backup /app/locks/deploy /deploy", noFiles},
		{"lock /d", "/deploy", noFiles},
		{"lock ca-f", "", noFiles},
		{"lock name --ttl ", "", noFiles},
		{"lock name ca-f", "", anyFile},
		{"lock name -- true ca-f", "", anyFile},
		{"lock name true ca-f", "", anyFile},
		{"elect ", "/app/locks/chief", noFiles},
		{"elect name ca-f", "", noFiles},
		{"elect -l ", "/app/locks/chief", noFiles},
		{"elect name proposal -- true ", "", anyFile},
		{"snapshot save ", "", anyFile},
		{"member remove m", member.GetName(), noFiles},
		{"member update ", memberID, noFiles},
		{"member promote " + memberID[:3], memberID, noFiles},
		{"member update " + member.GetName() + " --peer-urls ", member.GetPeerURLs()[0], noFilesNorSpace},
		{"move-leader ", memberID, noFiles},
		{"move-leader x ", "", noFiles},
		{"downgrade enable ", "3.6", noFiles},
		{"downgrade validate 4", "", noFiles},
		{"downgrade cancel ", "", noFiles},
		{"compaction ", current, noFiles},
		{"get zone --rev ", created + " " + current, noFiles},
		{"get zone --min-mod-rev " + created, created, noFiles},
		{"watch --rev ", current, noFiles},
		{"endpoint hashkv --rev ", current, noFiles},
		{"make-mirror 127.0.0.1:1 --prefix zo", "zone zone/", noFilesNorSpace},
		{"--endpoints ", server.Endpoint(), noFilesNorSpace},
		{"--endpoints http://127.0.0.1:1,", "http://127.0.0.1:1," + server.Endpoint(), noFilesNorSpace},
		{"--endpoints " + server.Endpoint() + ",", "", noFilesNorSpace},
		{"--user ", "", noFiles},
		{"--command-timeout ", "", noFiles},
		{"--cacert ", "", anyFile},
		{"--cert ", "", anyFile},
		{"--key ", "", anyFile},
		{"--password-file ", "", anyFile},
		{"--auth-jwt-token-file ", "", anyFile},
		{"user add bob --new-user-password-file ", "", anyFile},
		{"version ", "", noFiles},
		{"auth status ", "", noFiles},
		{"options ", "", noFiles},
	} {
		t.Run(test.line, func(t *testing.T) {
			harness.Retry(t, func() string {
				c := complete(t, env, strings.Split(test.line, " ")...)
				if got := strings.Join(c.Words, " "); got != test.words || c.Directive != test.directive {
					return fmt.Sprintf("%q is completed to %q%s, want %q%s", test.line, got, c.Directive, test.words, test.directive)
				}
				return ""
			})
		})
	}
}

// Every lease has one key, which the descriptions name.
func TestCompletionDescribesLeasesMembersAndQueues(t *testing.T) {
	server := startForCompletion(t, etcdserver.Options{})
	env := harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+server.Endpoint())
	for line, want := range map[string][]string{
		"lease revoke ":      {`(?m)^[0-9a-f]+\t[0-9]+s of 100000s left, /app/locks/chief/[0-9a-f]+$`, `(?m)left, /evil\$\(touch pwned\)/[0-9a-f]+$`},
		"put k v --lease ":   {`s left, /app/locks/backup/`},
		"lease timetolive ":  {`s left, /deploy/`},
		"lock ":              {`(?m)^/app/locks/deploy\theld, 1 waiter$`, `(?m)^/deploy\theld$`},
		"elect ":             {`(?m)^/app/locks/chief\tleader host1$`},
		"member remove ":     {`(?m)^[0-9a-f]+\tm1 ` + server.Endpoint() + "$"},
		"member remove m":    {`(?m)^m1\t[0-9a-f]+ ` + server.Endpoint() + "$"},
		"--endpoints ":       {`(?m)^` + server.Endpoint() + "\tm1$"},
		"downgrade enable 3": {`(?m)^3\.6\tthe server runs 3\.7\.3$`},
		"get zone --rev ":    {`\tcreation of zone`, `\tcurrent revision`},
	} {
		harness.Retry(t, func() string {
			c := complete(t, env, strings.Split(line, " ")...)
			for _, pattern := range want {
				if !regexp.MustCompile(pattern).MatchString(c.Stdout) {
					return fmt.Sprintf("%q is completed to\n%s, want %s", line, c.Stdout, pattern)
				}
			}
			return ""
		})
	}
}

// An ID is completed as "lease list" prints it, and also without its leading zero.
func TestCompletionOfLeasesWithALeadingZero(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t, etcdserver.Options{})
	client, err := server.Client("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := pb.NewLeaseClient(client.ActiveConnection()).LeaseGrant(t.Context(), &pb.LeaseGrantRequest{ID: 0xf54a22b740df494, TTL: 100_000}); err != nil {
		t.Fatal(err)
	}
	env := harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+server.Endpoint())
	for word, want := range map[string]string{"": "0f54a22b740df494", "0": "0f54a22b740df494", "f5": "f54a22b740df494", "54": ""} {
		harness.Retry(t, func() string {
			if got := strings.Join(complete(t, env, "lease", "revoke", word).Words, " "); got != want {
				return fmt.Sprintf("%q is completed to %q, want %q", word, got, want)
			}
			return ""
		})
	}
}

// The first answer counts, whatever the other endpoints do.
func TestCompletionAnswersBesideDeadMembers(t *testing.T) {
	server := startForCompletion(t, etcdserver.Options{})
	paused := harness.StartServer(t, etcdserver.Options{})
	if err := paused.Members[0].Pause(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = paused.Members[0].Continue() }()
	stuck := harness.NewRPCProxy(t, server.Endpoint())
	stuck.Handle = func(ctx context.Context, _ *harness.RPC) error {
		<-ctx.Done()
		return ctx.Err()
	}
	for name, dead := range map[string]string{
		"refused": harness.RefusingEndpoint(t), "silent": harness.SilentEndpoint(t), "paused": paused.Endpoint(),
		"unknown": "no-such-host.invalid:2379", "stuck": stuck.URL(), "malformed": "http://",
	} {
		for _, endpoints := range []string{dead + "," + server.Endpoint(), server.Endpoint() + "," + dead} {
			t.Run(name, func(t *testing.T) {
				env := harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+endpoints)
				harness.Retry(t, func() string {
					c := complete(t, env, "user", "get", "al")
					if !slices.Equal(c.Words, []string{"alice"}) {
						return fmt.Sprintf("with the endpoints %s, the words are %q", endpoints, c.Words)
					}
					return ""
				})
			})
		}
	}
}

// A dead endpoint without another one ends a completion before its deadline, which a silent
// one uses up.
func TestCompletionEndsAtOnceIfTheEndpointsAreDead(t *testing.T) {
	took := func(endpoints string) time.Duration {
		c := complete(t, harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+endpoints), "user", "get", "")
		if c.Stdout != noFiles+"\n" {
			t.Errorf("with the endpoints %s, the words are %q", endpoints, c.Words)
		}
		return c.Took
	}
	refused, silent := harness.RefusingEndpoint(t), harness.SilentEndpoint(t)
	for _, endpoints := range []string{refused, refused + "," + refused, "no-such-host.invalid:2379", "https://" + refused} {
		harness.Retry(t, func() string {
			if dead, unanswered := took(endpoints), took(silent); dead > unanswered-100*time.Millisecond {
				return fmt.Sprintf("%s takes %s, and an endpoint that does not answer %s", endpoints, dead, unanswered)
			}
			return ""
		})
	}
}

// asCarol starts a server and returns the environment of a user who has only the role
// app.
func asCarol(t *testing.T) []string {
	t.Helper()
	server := startForCompletion(t, etcdserver.Options{RootPassword: harness.RootPassword})
	client, err := server.Client("root", harness.RootPassword)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.UserAdd(t.Context(), "carol", "carolpw"); err != nil {
		t.Fatal(err)
	}
	if _, err := client.UserGrantRole(t.Context(), "carol", "app"); err != nil {
		t.Fatal(err)
	}
	return harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+server.Endpoint(), "ETCDCTL_USER=carol:carolpw")
}

func TestCompletionOfLocksKeepsToWhatTheUserMayRead(t *testing.T) {
	env := asCarol(t)
	for command, want := range map[string]string{"lock": "/app/locks/backup /app/locks/deploy", "elect": "/app/locks/chief", "lease revoke": ""} {
		harness.Retry(t, func() string {
			if got := strings.Join(complete(t, env, append(strings.Fields(command), "")...).Words, " "); got != want {
				return fmt.Sprintf("carol completes %s to %q, want %q", command, got, want)
			}
			return ""
		})
	}
}

func TestCompletionOfKeysKeepsToWhatTheUserMayRead(t *testing.T) {
	env := asCarol(t)
	for word, want := range map[string]string{
		"":           "/ a-b=c:d@e urn:isbn:123 zone zone/", // keys from /from on, too
		"/a":         "/app/",
		"/app/conf/": "/app/conf/name /app/conf/nested/ /app/conf/number",
		"/app2":      "",
	} {
		harness.Retry(t, func() string {
			if got := strings.Join(complete(t, env, "get", word).Words, " "); got != want {
				return fmt.Sprintf("carol completes %q to %q, want %q", word, got, want)
			}
			return ""
		})
	}
}

func TestCompletionIsQuickWhereThereIsMuch(t *testing.T) {
	server := harness.StartServer(t, etcdserver.Options{})
	client, err := server.Client("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	putAll := func(n int, key func(int) string) {
		t.Helper()
		const batch = 128 // operations of a transaction
		for from := 0; from < n; from += batch {
			var puts []clientv3.Op
			for i := from; i < min(from+batch, n); i++ {
				puts = append(puts, clientv3.OpPut(key(i), "v"))
			}
			if _, err := client.Txn(t.Context()).Then(puts...).Commit(); err != nil {
				t.Fatal(err)
			}
		}
	}
	putAll(100_000, func(i int) string { return fmt.Sprintf("/big/subtree/%06d", i) })
	putAll(10_000, func(i int) string { return fmt.Sprintf("/wide/%05d", i) })
	putAll(1_000, func(i int) string { return fmt.Sprintf("/wide-subtrees/%04d/k", i) })
	for _, key := range []string{"/big/a", "/big/b/x", "/big/z"} {
		if _, err := client.Put(t.Context(), key, "v"); err != nil {
			t.Fatal(err)
		}
	}
	const users = 5_000
	var names []string
	for i := range users {
		names = append(names, fmt.Sprintf("user%04d", i))
	}
	if err := server.PlantUsers(t.Context(), names); err != nil {
		t.Fatal(err)
	}
	env := harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+server.Endpoint())
	for _, test := range []struct {
		line  string
		words []string // the first
		n     int      // how many there are
	}{
		{"get /big/", []string{"/big/a", "/big/b/", "/big/subtree/", "/big/z"}, 4},
		{"get ", []string{"/"}, 1},
		{"get /wide/", []string{"/wide/00000", "/wide/00001"}, 200},
		{"get /wide-subtrees/", []string{"/wide-subtrees/0000/", "/wide-subtrees/0001/"}, 200},
		{"get /big/subtree/", []string{"/big/subtree/000000"}, 200},
		{"user get ", []string{"user0000"}, users},
	} {
		harness.Retry(t, func() string {
			c := complete(t, env, strings.Split(test.line, " ")...)
			if len(c.Words) != test.n || !slices.Equal(c.Words[:min(len(c.Words), len(test.words))], test.words) {
				return fmt.Sprintf("%q is completed to %d words, %q ..., want %d, %q ...", test.line, len(c.Words), c.Words[:min(len(c.Words), 5)], test.n, test.words)
			}
			if limit := c.limit(t); c.Took > limit {
				return fmt.Sprintf("%q took %s, more than %s", test.line, c.Took, limit)
			}
			return ""
		})
	}
}
