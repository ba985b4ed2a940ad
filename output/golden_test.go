package output

import (
	"bytes"
	"cmp"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/etcd/api/v3/authpb"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/version"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// printed is one result and how it is printed. Its golden files are
// testdata/NAME.FORMAT.golden.
type printed struct {
	name  string
	of    string   // the type or function of this package that makes it
	hex   bool     // as with --hex
	own   []Format // that it can be printed in, where they are not those of most
	write func(*Printer) error
}

func header() *pb.ResponseHeader {
	return &pb.ResponseHeader{ClusterId: 14841639068965178418, MemberId: 10276657743932975437, Revision: 42, RaftTerm: 2}
}

func permission(kind authpb.Permission_Type, key, end string) *authpb.Permission {
	return &authpb.Permission{PermType: kind, Key: []byte(key), RangeEnd: []byte(end)}
}

func role(name string, permissions ...*authpb.Permission) RoleInfo {
	return RoleInfo{Name: name, Response: &clientv3.AuthRoleGetResponse{Header: header(), Perm: permissions}}
}

func appRole() RoleInfo {
	return role("app",
		permission(authpb.READ, "/config", ""),
		permission(authpb.WRITE, "/log/", "/log0"),
		permission(authpb.READWRITE, "/app/", "/app0"),
		permission(authpb.READ, "/from", "\x00"),
		permission(authpb.READ, "a", "c"),
		permission(authpb.READWRITE, "\x00", "\x00"))
}

func binaryRole() RoleInfo {
	return role("binary", permission(authpb.READ, "\xff\x80", ""), permission(authpb.READWRITE, "\x01\x02", "\xfe"), permission(authpb.WRITE, "two\nlines", "\xff"))
}

func keyValue(key, value string, lease int64) *mvccpb.KeyValue {
	return &mvccpb.KeyValue{Key: []byte(key), Value: []byte(value), CreateRevision: 3, ModRevision: 41, Version: 5, Lease: lease}
}

// oddKeys are keys and values that are hard to show.
func oddKeys() []*mvccpb.KeyValue {
	return []*mvccpb.KeyValue{
		keyValue("/config/size", "3", 0),
		keyValue("/leased", "until then", 0x694d7e4f1a2b3c05),
		keyValue("empty", "", 0),
		keyValue("binary \x00\x01\xff", "\x80\x81", 0),
		keyValue("\xff\xff", "value of a key that is not UTF-8", 0),
		keyValue("lines", "a\n\n  b\n", 0),
		keyValue("one line", "ends\n", 0),
		keyValue("tab\tand\rreturn", "\x1b[31mred\x1b[0m", 0),
		keyValue("ключ", "日本語 é 🙂", 0),
		keyValue(`quotes " ' and, comma; \ `, `{"json": ["<b>", "&"]}`, 0),
		keyValue("  spaces  ", "  ", 0),
		keyValue("yes", "null", 0),
		keyValue("1", "0x1f", 0),
		keyValue("- a: [b", "# c", 0),
		keyValue("=1+1", "'", 0),
		{Key: []byte("large numbers"), Value: []byte(strings.Repeat("long ", 40)), CreateRevision: 1 << 62, ModRevision: 1<<63 - 1, Version: 1 << 60, Lease: -1},
	}
}

func withoutValues(kvs []*mvccpb.KeyValue) []*mvccpb.KeyValue {
	for _, kv := range kvs {
		kv.Value = nil
	}
	return kvs
}

// get is a range as "get" prints it.
func get(o RangeOptions, response *pb.RangeResponse) func(*Printer) error {
	return inBlocks(func(p *Printer) RangeStream { return p.Range(o) }, response)
}

// listing is a level as "ls" prints it.
func listing(o ListingOptions, response *pb.RangeResponse) func(*Printer) error {
	return inBlocks(func(p *Printer) RangeStream { return p.Listing(o) }, response)
}

func inBlocks(in func(*Printer) RangeStream, response *pb.RangeResponse) func(*Printer) error {
	return func(p *Printer) error {
		stream := in(p)
		if err := stream.Begin(response.GetHeader()); err != nil {
			return err
		}
		if kvs := response.GetKvs(); len(kvs) > 0 {
			half := len(kvs) / 2 // in two blocks
			if err := stream.Keys(kvs[:half]); err != nil {
				return err
			}
			if err := stream.Keys(kvs[half:]); err != nil {
				return err
			}
		}
		return stream.End(response.GetMore(), response.GetCount())
	}
}

// partsOf is a response in parts of one event each, and one of none at the end.
func partsOf(r *pb.WatchResponse, parts bool) []Watched {
	if !parts {
		return []Watched{{Response: r}}
	}
	var all []Watched
	for i, event := range r.GetEvents() {
		all = append(all, Watched{&pb.WatchResponse{Header: r.GetHeader(), Events: []*mvccpb.Event{event}, Fragment: true}, i > 0})
	}
	return append(all, Watched{&pb.WatchResponse{Header: r.GetHeader()}, true})
}

func everything() []printed {
	h := header()
	users := func(names ...string) UserList {
		return UserList{&clientv3.AuthUserListResponse{Header: h, Users: names}}
	}
	roles := func(names ...string) RoleList {
		return RoleList{&clientv3.AuthRoleListResponse{Header: h, Roles: names}}
	}
	user := func(roles ...string) *clientv3.AuthUserGetResponse {
		return &clientv3.AuthUserGetResponse{Header: h, Roles: roles}
	}
	added := UserAdded("bob", &clientv3.AuthUserAddResponse{Header: h})
	password := "Kp7vQmZ3xTnR8sWdYb4hJcGf"
	passwd := PasswordChanged("bob", &clientv3.AuthUserChangePasswordResponse{Header: h})
	revoked := RoleRevoked("bob", "app", &clientv3.AuthUserRevokeRoleResponse{Header: h})
	granted := func(kind authpb.Permission_Type, key, end string) Change {
		return PermissionGranted("app", permission(kind, key, end), &clientv3.AuthRoleGrantPermissionResponse{Header: h})
	}
	unpermitted := func(named, key, end string) Change {
		return PermissionRevoked("app", named, key, end, &clientv3.AuthRoleRevokePermissionResponse{Header: h})
	}
	info := Version{version.Info{Version: "v1.2.3", Commit: "0123456789abcdef0123456789abcdef01234567", Date: "2026-01-02T03:04:05Z",
		Go: "go1.26.8", Platform: "linux/amd64", Etcdctl: "3.7.3", API: "3.7"}}
	prev := func(kvs ...*mvccpb.KeyValue) Deleted {
		return Deleted{&clientv3.DeleteResponse{Header: h, Deleted: int64(len(kvs)), PrevKvs: kvs}}
	}
	overwritten := Put{"binary \x00\x01\xff", &clientv3.PutResponse{Header: h, PrevKv: oddKeys()[3]}}
	all := &pb.RangeResponse{Header: h, Kvs: oddKeys(), Count: int64(len(oddKeys()))}
	keys := &pb.RangeResponse{Header: h, Kvs: withoutValues(oddKeys()), Count: int64(len(oddKeys()))}
	none := &pb.RangeResponse{Header: h}
	subtrees := []*mvccpb.KeyValue{{Key: []byte("/app/")}, {Key: []byte("binary \x00\xff/")}}
	entries := &pb.RangeResponse{Header: h, Kvs: append(subtrees, withoutValues(oddKeys())...), Count: int64(len(oddKeys()) + 2)}
	longEntries := &pb.RangeResponse{Header: h, Kvs: append(subtrees, oddKeys()...), Count: int64(len(oddKeys()) + 2)}
	counted := &pb.RangeResponse{Header: h, Count: 1_000_000}

	var cases []printed
	add := func(of, name string, r Result) {
		cases = append(cases, printed{name: name, of: of, own: FormatsOf(r), write: func(p *Printer) error { return p.Print(r) }})
	}
	addHex := func(of, name string, r Result) {
		add(of, name, r)
		cases[len(cases)-1].hex = true
	}
	add("AuthSwitched", "auth-enabled", AuthSwitched{Enabled: true, Response: &pb.AuthEnableResponse{Header: h}})
	add("AuthSwitched", "auth-disabled", AuthSwitched{Enabled: false, Response: &pb.AuthDisableResponse{Header: h}})
	add("AuthStatus", "auth-status-on", AuthStatus{&clientv3.AuthStatusResponse{Header: h, Enabled: true, AuthRevision: 17}})
	add("AuthStatus", "auth-status-off", AuthStatus{&clientv3.AuthStatusResponse{Header: h, AuthRevision: 1}})
	addHex("AuthStatus", "auth-status-hex", AuthStatus{&clientv3.AuthStatusResponse{Header: h, Enabled: true, AuthRevision: 17}})

	add("UserAdded", "user-added", added)
	addHex("UserAdded", "user-added-hex", added)
	add("UserAdded", "user-added-idempotent", added.Idempotent())
	add("UserAdded", "user-added-unchanged", added.Idempotent().Unchanged())
	addParts := func(of, name string, b Beginning, rest Result) {
		cases = append(cases, printed{name: name, of: of, write: func(p *Printer) error {
			if err := p.Begin(b); err != nil {
				return err
			}
			return p.Finish(rest)
		}})
	}
	ofBob := PasswordOfUser{GeneratedPassword: GeneratedPassword{User: "bob", Password: password}}
	addParts("PasswordOfUser", "user-added-generated-password", ofBob, added.Idempotent())
	addParts("PasswordOfUser", "user-added-generated-password-failed", ofBob, UserAdded("bob", nil).Failed(false))
	addParts("PasswordOfUser", "user-added-generated-password-unknown", ofBob, UserAdded("bob", nil).Failed(true))
	withRoles := UserWithRoles{Addition: Addition[string]{Name: "bob", Created: true, Header: h, Granted: []string{"app", "readers"}}}
	add("UserWithRoles", "user-with-roles", withRoles)
	withRoles.Idempotent = true
	ofBobWithRoles := ofBob
	ofBobWithRoles.Roles = []string{"app", "readers"}
	addParts("PasswordOfUser", "user-with-roles-generated-password", ofBobWithRoles, withRoles)
	addParts("PasswordOfUser", "user-with-roles-generated-password-failed", ofBobWithRoles, UserWithRoles{Addition: Addition[string]{Name: "bob", Idempotent: true, Failed: true}})
	add("UserWithRoles", "user-with-roles-granted", UserWithRoles{Addition: Addition[string]{Name: "bob", Header: h, Granted: []string{"app"}, Idempotent: true}})
	add("UserWithRoles", "user-with-roles-unchanged", UserWithRoles{Addition: Addition[string]{Name: "bob", Idempotent: true}})
	add("UserDeleted", "user-deleted", UserDeleted("bob", &clientv3.AuthUserDeleteResponse{Header: h}))
	add("UserDeleted", "user-deleted-unchanged", UserDeleted("bob", nil).Unchanged())
	add("PasswordChanged", "password-changed", passwd)
	addParts("PasswordOfUser", "password-changed-generated", ofBob, passwd.Idempotent())
	add("RoleGranted", "role-granted", RoleGranted("bob", "app", &clientv3.AuthUserGrantRoleResponse{Header: h}))
	add("RoleRevoked", "role-revoked", revoked)
	add("RoleRevoked", "role-revoked-unchanged", revoked.Unchanged())
	add("UserList", "user-list", users("root", "bob", "имя", "a,b"))
	add("UserList", "user-list-empty", users())
	add("UserInfo", "user-info", UserInfo{"bob", user("app", "readers")})
	add("UserInfo", "user-info-without-roles", UserInfo{"bob", user()})
	add("UserDetail", "user-detail", UserDetail{"bob", user("app", "binary", "empty"), []RoleInfo{appRole(), binaryRole(), role("empty")}})
	add("UserDetail", "user-detail-root", UserDetail{"root", user("root"), []RoleInfo{role("root")}})
	add("UserDetail", "user-detail-without-roles", UserDetail{"bob", user(), nil})

	add("RoleAdded", "role-added", RoleAdded("app", &clientv3.AuthRoleAddResponse{Header: h}))
	add("RoleAdded", "role-added-unchanged", RoleAdded("app", nil).Unchanged())
	withPermissions := RoleWithPermissions{Addition[*authpb.Permission]{Name: "app", Created: true, Header: h, Granted: []*authpb.Permission{
		permission(authpb.READWRITE, "/app/", "/app0"), permission(authpb.READ, "\xff\x00", "")}}}
	add("RoleWithPermissions", "role-with-permissions", withPermissions)
	withPermissions.Created, withPermissions.Idempotent = false, true
	add("RoleWithPermissions", "role-with-permissions-granted", withPermissions)
	add("RoleWithPermissions", "role-with-permissions-unchanged", RoleWithPermissions{Addition[*authpb.Permission]{Name: "app", Idempotent: true}})
	add("RoleDeleted", "role-deleted", RoleDeleted("app", &clientv3.AuthRoleDeleteResponse{Header: h}))
	add("RoleDeleted", "role-deleted-idempotent", RoleDeleted("app", &clientv3.AuthRoleDeleteResponse{Header: h}).Idempotent())
	add("PermissionGranted", "permission-granted-key", granted(authpb.READ, "/config", ""))
	add("PermissionGranted", "permission-granted-prefix", granted(authpb.READWRITE, "/app/", "/app0"))
	add("PermissionGranted", "permission-granted-everything", granted(authpb.WRITE, "\x00", "\x00"))
	add("PermissionGranted", "permission-granted-binary", granted(authpb.WRITE, "\xff\x00", "\xff\x01"))
	add("PermissionRevoked", "permission-revoked-key", unpermitted("/config", "/config", ""))
	add("PermissionRevoked", "permission-revoked-range", unpermitted("/app/", "/app/", "/app0"))
	add("PermissionRevoked", "permission-revoked-open", unpermitted("", "\x00", "\x00"))
	add("PermissionRevoked", "permission-revoked-unchanged", unpermitted("/config", "/config", "").Unchanged())
	held := func(kv *mvccpb.KeyValue) Held {
		return Held{&clientv3.GetResponse{Header: h, Kvs: []*mvccpb.KeyValue{kv}, Count: 1}}
	}
	add("Held", "lock-held", held(keyValue("/locks/deploy/694d7e4f1a2b3c05", "", 0x694d7e4f1a2b3c05)))
	addHex("Held", "lock-held-hex", held(keyValue("/locks/deploy/694d7e4f1a2b3c05", "", 0x694d7e4f1a2b3c05)))
	add("Held", "leader", held(keyValue("/election/694d7e4f1a2b3c05", "host 1", 0x694d7e4f1a2b3c05)))
	add("Held", "leader-binary", held(keyValue("\xff/694d7e4f1a2b3c05", "two\nlines", 0x694d7e4f1a2b3c05)))
	cases = append(cases, printed{name: "leaders", of: "Held", write: func(p *Printer) error {
		for _, kv := range oddKeys()[:2] {
			if err := p.Next(Held{&clientv3.GetResponse{Header: h, Kvs: []*mvccpb.KeyValue{kv}}}); err != nil {
				return err
			}
		}
		return nil
	}})

	add("RoleList", "role-list", roles("app", "root"))
	add("RoleList", "role-list-empty", roles())
	addHex("RoleList", "role-list-hex", roles("app", "root"))
	add("RoleInfo", "role-info", appRole())
	add("RoleInfo", "role-info-empty", role("empty"))
	add("RoleInfo", "role-info-root", role("root"))
	add("RoleInfo", "role-info-root-with-permissions", role("root", permission(authpb.READ, "/config", "")))
	add("RoleInfo", "role-info-binary", binaryRole())

	used := Usage{Header: h, Omitted: 7, Levels: []UsedLevel{{"/", 1_000_001, 2_100_000_000}, {"/app/", 1_000_000, 2_099_999_980}, {"/binary \x00\xff/", 1, 20}}}
	add("Usage", "usage", used)
	addHex("Usage", "usage-hex", used)
	add("Usage", "usage-nothing", Usage{Header: h, Levels: []UsedLevel{{}}})
	add("Put", "put", Put{"/config/size", &clientv3.PutResponse{Header: h}})
	add("Put", "put-previous", overwritten)
	addHex("Put", "put-previous-hex", overwritten)
	add("PutRefused", "put-refused", PutRefused{"/config/size", &pb.RangeResponse{Header: h, Count: 1, Kvs: withoutValues(oddKeys()[:1])}})
	add("PutRefused", "put-refused-absent", PutRefused{"binary \x00\x01\xff", &pb.RangeResponse{Header: h}})
	add("Deleted", "deleted", Deleted{&clientv3.DeleteResponse{Header: h, Deleted: 3}})
	add("Deleted", "deleted-nothing", Deleted{&clientv3.DeleteResponse{Header: h}})
	add("Deleted", "deleted-previous", prev(oddKeys()[:4]...))
	addHex("Deleted", "deleted-previous-hex", prev(oddKeys()[:4]...))
	add("Version", "version", info)
	add("EtcdctlVersion", "etcdctl-version", EtcdctlVersion{info})

	// In several parts it is the same.
	watched := func(parts bool, responses ...*pb.WatchResponse) func(*Printer) error {
		return func(p *Printer) error {
			for _, r := range responses {
				r.Header = h
				for _, part := range partsOf(r, parts) {
					if err := p.Next(part); err != nil {
						return err
					}
				}
			}
			return nil
		}
	}
	put := &mvccpb.Event{Kv: oddKeys()[1]}
	overwrite := &mvccpb.Event{Kv: oddKeys()[3], PrevKv: keyValue("binary", "before", 0)}
	deletion := &mvccpb.Event{Type: mvccpb.Event_DELETE, Kv: &mvccpb.KeyValue{Key: []byte("gone"), ModRevision: 41}}
	events := []*pb.WatchResponse{{Events: []*mvccpb.Event{put, overwrite}}, {Events: []*mvccpb.Event{deletion}}}
	compacted := &pb.WatchResponse{CompactRevision: 40, Canceled: true}
	cases = append(cases,
		printed{name: "watched", of: "Watched", write: watched(false, events...)},
		printed{name: "watched-hex", of: "Watched", hex: true, write: watched(false, events...)},
		printed{name: "watched-parts", of: "Watched", write: watched(true, events...)},
		printed{name: "watched-progress", of: "Watched", write: watched(false, &pb.WatchResponse{}, &pb.WatchResponse{Events: []*mvccpb.Event{put}}, &pb.WatchResponse{})},
		printed{name: "watched-compacted", of: "Watched", write: watched(false, &pb.WatchResponse{Events: []*mvccpb.Event{put}}, compacted)})

	txn := func(succeeded bool, responses ...*pb.ResponseOp) Txn {
		return Txn{&clientv3.TxnResponse{Header: h, Succeeded: succeeded, Responses: responses}}
	}
	rangeOp := func(kvs ...*mvccpb.KeyValue) *pb.ResponseOp {
		return &pb.ResponseOp{Response: &pb.ResponseOp_ResponseRange{ResponseRange: &pb.RangeResponse{
			Header: &pb.ResponseHeader{Revision: 42}, Kvs: kvs, Count: int64(len(kvs)) + 1, More: true}}}
	}
	putOp := func(prev *mvccpb.KeyValue) *pb.ResponseOp {
		return &pb.ResponseOp{Response: &pb.ResponseOp_ResponsePut{ResponsePut: &pb.PutResponse{
			Header: &pb.ResponseHeader{Revision: 42}, PrevKv: prev}}}
	}
	deleteOp := func(prev ...*mvccpb.KeyValue) *pb.ResponseOp {
		return &pb.ResponseOp{Response: &pb.ResponseOp_ResponseDeleteRange{ResponseDeleteRange: &pb.DeleteRangeResponse{
			Header: &pb.ResponseHeader{Revision: 42}, Deleted: 2, PrevKvs: prev}}}
	}
	addBoth := func(of, name string, r Result) {
		add(of, name, r)
		addHex(of, name+"-hex", r)
	}
	addBoth("Txn", "txn", txn(true, putOp(nil), rangeOp(oddKeys()[:4]...), deleteOp(), putOp(oddKeys()[3]), deleteOp(oddKeys()[1:3]...)))
	add("Txn", "txn-failure", txn(false, rangeOp()))
	add("Txn", "txn-nothing", txn(true))
	add("Compacted", "compacted", Compacted{1234, &pb.CompactionResponse{Header: h}})

	lease := clientv3.LeaseID(0x694d7e4f1a2b3c05)
	leaseInfo := func(keys bool, response clientv3.LeaseTimeToLiveResponse) LeaseInfo {
		response.ResponseHeader = h
		return LeaseInfo{Keys: keys, Response: &response}
	}
	addBoth("LeaseGranted", "lease-granted", LeaseGranted{&clientv3.LeaseGrantResponse{ResponseHeader: h, ID: lease, TTL: 60}})
	addBoth("LeaseRevoked", "lease-revoked", LeaseRevoked{lease, &clientv3.LeaseRevokeResponse{Header: h}})
	addBoth("LeaseInfo", "lease-info", leaseInfo(false, clientv3.LeaseTimeToLiveResponse{ID: lease, TTL: 41, GrantedTTL: 60}))
	addBoth("LeaseInfo", "lease-info-expired", leaseInfo(true, clientv3.LeaseTimeToLiveResponse{ID: -1, TTL: -1}))
	addBoth("LeaseInfo", "lease-info-keys", leaseInfo(true, clientv3.LeaseTimeToLiveResponse{ID: lease, TTL: 41, GrantedTTL: 60,
		Keys: [][]byte{[]byte("/leased"), []byte("binary \x00\xff"), []byte("two words")}}))
	add("LeaseInfo", "lease-info-no-keys", leaseInfo(true, clientv3.LeaseTimeToLiveResponse{ID: lease, TTL: 41, GrantedTTL: 60}))
	addBoth("LeaseList", "lease-list", LeaseList{&clientv3.LeaseLeasesResponse{ResponseHeader: h, Leases: []clientv3.LeaseStatus{{ID: lease}, {ID: 0x1234}}}})
	add("LeaseList", "lease-list-empty", LeaseList{&clientv3.LeaseLeasesResponse{ResponseHeader: h, Leases: []clientv3.LeaseStatus{}}})
	addBoth("LeaseKeptAlive", "lease-kept-alive", LeaseKeptAlive{&clientv3.LeaseKeepAliveResponse{ResponseHeader: h, ID: lease, TTL: 60}})
	cases = append(cases, printed{name: "lease-keep-alive", of: "LeaseGone", write: func(p *Printer) error {
		for range 2 {
			if err := p.Next(LeaseKeptAlive{&clientv3.LeaseKeepAliveResponse{ResponseHeader: h, ID: lease, TTL: 60}}); err != nil {
				return err
			}
		}
		return p.Next(LeaseGone{lease})
	}})

	for _, c := range []printed{
		{name: "range", write: get(RangeOptions{}, all)},
		{name: "range-hex", hex: true, write: get(RangeOptions{}, all)},
		{name: "range-nothing", write: get(RangeOptions{}, none)},
		{name: "range-limited", write: get(RangeOptions{}, &pb.RangeResponse{Header: h, Kvs: oddKeys()[:2], More: true, Count: 16})},
		{name: "listing", of: "Listing", write: listing(ListingOptions{}, entries)},
		{name: "listing-hex", of: "Listing", hex: true, write: listing(ListingOptions{}, entries)},
		{name: "listing-long", of: "Listing", write: listing(ListingOptions{Long: true}, longEntries)},
		{name: "listing-long-hex", of: "Listing", hex: true, write: listing(ListingOptions{Long: true}, longEntries)},
		{name: "listing-nothing", of: "Listing", write: listing(ListingOptions{}, none)},
		{name: "range-lines", write: get(RangeOptions{KeysOnly: true, Lines: true}, keys)},
		{name: "range-keys-only", write: get(RangeOptions{KeysOnly: true}, keys)},
		{name: "range-keys-only-hex", hex: true, write: get(RangeOptions{KeysOnly: true}, keys)},
		{name: "range-keys-only-nothing", write: get(RangeOptions{KeysOnly: true}, none)},
		{name: "range-count-only", write: get(RangeOptions{CountOnly: true}, counted)},
		{name: "range-count-only-nothing", write: get(RangeOptions{CountOnly: true}, none)},
		{name: "range-value-only", write: get(RangeOptions{ValueOnly: true}, all)},
		{name: "range-value-only-hex", hex: true, write: get(RangeOptions{ValueOnly: true}, all)},
	} {
		c.of = cmp.Or(c.of, "Range")
		cases = append(cases, c)
	}
	return slices.Concat(cases, clusterResults(), accessResults(), policyResults(), userResults())
}

// formats are those that c can be printed in.
func (c printed) formats() []Format {
	if c.own != nil {
		return c.own
	}
	return Formats()
}

// text is what is printed of c in a format.
func (c printed) text(t *testing.T, format Format) []byte {
	t.Helper()
	var b bytes.Buffer
	p, err := NewPrinter(&b, string(format), c.formats(), c.hex)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.write(p); err != nil {
		t.Fatalf("write %s as %s: %v", c.name, format, err)
	}
	if err := p.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (c printed) golden(format Format) string {
	return filepath.Join("testdata", c.name+"."+string(format)+".golden")
}

func TestResultsInEveryFormat(t *testing.T) {
	for _, c := range everything() {
		for _, format := range c.formats() {
			got := c.text(t, format)
			if *update {
				if err := os.WriteFile(c.golden(format), got, 0o600); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(c.golden(format))
			if err != nil {
				t.Errorf("%v: write it with -update and read it", err)
			} else if !bytes.Equal(got, want) {
				t.Errorf("%s as %s is\n%s\nand %s has\n%s", c.name, format, got, c.golden(format), want)
			}
		}
	}
}

func TestEveryGoldenFileIsOfAResult(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, c := range everything() {
		for _, format := range c.formats() {
			known = append(known, c.golden(format))
		}
	}
	for _, file := range files {
		if !slices.Contains(known, file) {
			t.Errorf("%s belongs to no result: remove it", file)
		}
	}
	if len(known) != len(slices.Compact(slices.Sorted(slices.Values(known)))) {
		t.Error("two results have the same golden files")
	}
}

func TestEveryResultHasGoldenFiles(t *testing.T) {
	covered := map[string]bool{}
	for _, c := range everything() {
		covered[c.of] = true
	}
	for _, name := range declaredResults(t) {
		if !covered[name] {
			t.Errorf("%s has no golden files: add it to everything()", name)
		}
		delete(covered, name)
	}
	for name := range covered {
		t.Errorf("everything() has results of %s, and no exported type or function of this name makes one", name)
	}
}

// declaredResults lists, from the source of this package, what makes a result:
// exported types with the methods of one, exported functions that return a
// Change, and the method Range for streams.
func declaredResults(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok {
				names = append(names, resultOf(f)...)
			}
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) < 20 {
		t.Fatalf("found only %v in the source", names)
	}
	return names
}

func resultOf(f *ast.FuncDecl) []string {
	if f.Recv == nil {
		if f.Name.IsExported() && f.Type.Results != nil && typeName(f.Type.Results.List[0].Type) == "Change" {
			return []string{f.Name.Name}
		}
		return nil
	}
	switch receiver := typeName(f.Recv.List[0].Type); {
	case receiver == "Printer" && f.Name.IsExported() && f.Type.Results != nil && typeName(f.Type.Results.List[0].Type) == "RangeStream":
		return []string{f.Name.Name}
	case f.Name.Name != "Document" && f.Name.Name != "fixedText" || !ast.IsExported(receiver) || receiver == "Change":
		return nil
	default:
		return []string{receiver}
	}
}

func typeName(e ast.Expr) string {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if name, ok := e.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

func TestFormatsAreParsedByTheirNames(t *testing.T) {
	for _, format := range Formats() {
		if got, err := ParseFormat(string(format), Formats()); got != format || err != nil {
			t.Errorf("ParseFormat(%q) = %q, %v", format, got, err)
		}
	}
	for _, name := range []string{"", "JSON", "xml", "json ", "jsonpath"} {
		if got, err := ParseFormat(name, Formats()); err == nil {
			t.Errorf("ParseFormat(%q) = %q, want an error", name, got)
		}
	}
}
