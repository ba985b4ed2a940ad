package e2e

import (
	"context"
	"fmt"
	"strconv"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/protobuf/proto"
)

// trial is a command line that is run against a server that lies. In its words
// {n} is a number that no other run has, {dir} a folder of its own, {lease} the
// lease that before has made, {dest} another server that is honest, {ca} and {cakey}
// the files of the authority of its TLS.
type trial struct {
	line   string
	on     string // the server: "new", "old", "auth" or "scratch"
	stdin  string
	env    []string
	before func(ctx context.Context, client *clientv3.Client, n string) (lease string, err error)
	canned map[string]proto.Message
	// endless commands run until they are interrupted.
	endless bool
	// listing says that a lie about which keys there are ends with an error.
	listing bool
	// keys is the most lines that may be printed, 0 for any number.
	keys int
	// asDest has the dishonest server be the destination, not the source.
	asDest bool
	// secure has it speak TLS.
	secure bool
}

func canned(responses ...any) map[string]proto.Message {
	header := &pb.ResponseHeader{ClusterId: 1, MemberId: 2, Revision: 3, RaftTerm: 4}
	member := &pb.Member{ID: 2, Name: "default", PeerURLs: []string{"http://127.0.0.1:1"}, ClientURLs: []string{"http://127.0.0.1:2"}}
	members := []*pb.Member{member, {ID: 5, Name: "node5", PeerURLs: []string{"http://127.0.0.1:5"}, IsLearner: true}}
	all := map[string]proto.Message{
		"KV/Put":                   &pb.PutResponse{Header: header},
		"Cluster/MemberAdd":        &pb.MemberAddResponse{Header: header, Member: members[1], Members: members},
		"Cluster/MemberRemove":     &pb.MemberRemoveResponse{Header: header, Members: members[:1]},
		"Cluster/MemberUpdate":     &pb.MemberUpdateResponse{Header: header, Members: members},
		"Cluster/MemberPromote":    &pb.MemberPromoteResponse{Header: header, Members: members},
		"Maintenance/MoveLeader":   &pb.MoveLeaderResponse{Header: header},
		"Maintenance/Downgrade":    &pb.DowngradeResponse{Header: header, Version: "3.6.0"},
		"Maintenance/Defragment":   &pb.DefragmentResponse{Header: header},
		"Auth/AuthEnable":          &pb.AuthEnableResponse{Header: header},
		"Auth/AuthDisable":         &pb.AuthDisableResponse{Header: header},
		"Auth/Authenticate":        &pb.AuthenticateResponse{Header: header, Token: "token.1"},
		"Auth/UserAdd":             &pb.AuthUserAddResponse{Header: header},
		"Auth/UserGrantRole":       &pb.AuthUserGrantRoleResponse{Header: header},
		"Auth/RoleAdd":             &pb.AuthRoleAddResponse{Header: header},
		"Auth/RoleGrantPermission": &pb.AuthRoleGrantPermissionResponse{Header: header},
		"Auth/UserDelete":          &pb.AuthUserDeleteResponse{Header: header},
		"Auth/UserChangePassword":  &pb.AuthUserChangePasswordResponse{Header: header},
	}
	chosen := map[string]proto.Message{}
	for _, r := range responses {
		name, _ := r.(string)
		chosen["/etcdserverpb."+name] = all[name]
	}
	return chosen
}

func putScratch(ctx context.Context, client *clientv3.Client, n string) (string, error) {
	for i := range 3 {
		if _, err := client.Put(ctx, fmt.Sprintf("/scratch/%s/%d", n, i), "v"); err != nil {
			return "", err
		}
	}
	return "", nil
}

func grantScratchLease(ctx context.Context, client *clientv3.Client, n string) (string, error) {
	lease, err := client.Grant(ctx, 60)
	if err != nil {
		return "", err
	}
	_, err = client.Put(ctx, "/leased/"+n, "v", clientv3.WithLease(lease.ID))
	return strconv.FormatInt(int64(lease.ID), 16), err
}

func addUser(ctx context.Context, client *clientv3.Client, n string) (string, error) {
	if _, err := client.RoleAdd(ctx, "role"+n); err != nil {
		return "", err
	}
	if _, err := client.RoleGrantPermission(ctx, "role"+n, "/a/", "/a0", clientv3.PermissionType(clientv3.PermReadWrite)); err != nil {
		return "", err
	}
	if _, err := client.UserAdd(ctx, "user"+n, "pw"); err != nil {
		return "", err
	}
	_, err := client.UserGrantRole(ctx, "user"+n, "role"+n)
	return "", err
}

// trials are all commands that talk to a server.
func trials() []trial {
	alice := []string{"ETCDCTL_USER=alice:alicepw"}
	policy := "apiVersion: ectl/v1\nroles: {team: [{prefix: /a/, access: readwrite}], app: []}\nusers: {alice: {roles: [team, app]}}\n"
	var all []trial
	for _, on := range []string{"new", "old"} { // with RangeStream, and in pages
		all = append(all,
			trial{line: "get /data/ --prefix", on: on, listing: true},
			trial{line: "get /data/ --prefix -w ndjson --limit 7", on: on, listing: true, keys: 7},
			trial{line: "get /data/ --prefix -w ndjson --limit 150", on: on, listing: true, keys: 150},
			trial{line: "get /data/ --prefix --keys-only -w table", on: on, listing: true},
			trial{line: "ls /data/", on: on, listing: true},
			trial{line: "ls /data/ -R -l -w csv", on: on, listing: true},
			trial{line: "ls / --depth 2", on: on, listing: true},
			trial{line: "du /data/ --depth 2", on: on, listing: true},
			trial{line: "make-mirror {dest} --prefix /data/ --dest-prefix /copy/{n}/ --once", on: on, listing: true},
			trial{line: "make-mirror {dest} --prefix /data/ --dest-prefix /copy/{n}/ --once --prune --yes --checkpoint {dir}/c", on: on, listing: true},
			trial{line: "watch /data/ --prefix --rev 1", on: on, endless: true},
		)
	}
	return append(all,
		trial{line: "get /data/0/0", on: "new"},
		trial{line: "get /data/ --prefix --sort-by MODIFY --order DESCEND -w ndjson --limit 5", on: "new", listing: true, keys: 5},
		trial{line: "get /data/ --prefix --min-mod-rev 20 --max-mod-rev 60 -w json", on: "new"},
		trial{line: "get /data/ --prefix --count-only -w fields", on: "new"},
		trial{line: "get /data/ --from-key --rev 20 -w protobuf", on: "new", listing: true},
		trial{line: "get /data/0/0 -w yaml --fail-if-missing", on: "new"},
		trial{line: "put /scratch/{n}/0 v --prev-kv", on: "new", before: putScratch},
		trial{line: "put /scratch/{n}/x v --if-absent", on: "new"},
		trial{line: "put /scratch/{n}/0 v --if-rev 5 -w table", on: "new", before: putScratch},
		trial{line: "del /scratch/{n}/ --prefix --prev-kv", on: "new", before: putScratch},
		trial{line: "del /scratch/{n}/ --prefix --dry-run", on: "new", before: putScratch},
		trial{line: "del /scratch/{n}/ --prefix --max-keys 5 -w json", on: "new", before: putScratch},
		trial{line: "txn", on: "new", before: putScratch, stdin: "mod(\"/scratch/{n}/0\") > \"0\"\n\nput /scratch/{n}/1 w\nget /data/0/ --prefix\ndel /scratch/{n}/2 --prev-kv\n\nget x\n\n"},
		trial{line: "txn -w table", on: "new", stdin: "mod(\"/data/0/0\") = \"1\"\n\nget x\n\nget /data/1/ --prefix\n\n"},
		trial{line: "compaction --keep 1000000", on: "new"},
		trial{line: "compaction --keep 5", on: "scratch", before: putScratch},
		trial{line: "watch /data/0/0 --rev 1 --prev-kv -w json", on: "new", endless: true},
		trial{line: "watch /data/0/0 --rev 1 -- echo", on: "new", endless: true},
		trial{line: "watch /data/ --prefix --progress-notify", on: "new", endless: true},
		trial{line: "lease grant 60", on: "scratch"},
		trial{line: "lease revoke {lease}", on: "scratch", before: grantScratchLease},
		trial{line: "lease timetolive {lease} --keys", on: "scratch", before: grantScratchLease},
		trial{line: "lease list", on: "scratch", before: grantScratchLease},
		trial{line: "lease keep-alive {lease}", on: "scratch", before: grantScratchLease, endless: true},
		trial{line: "lease keep-alive {lease} --once", on: "scratch", before: grantScratchLease},
		trial{line: "lock lock{n} --ttl 5", on: "scratch", endless: true},
		trial{line: "lock lock{n} --ttl 5 -- echo held", on: "scratch"},
		trial{line: "lock queue --ttl 5", on: "new", endless: true}, // behind another
		trial{line: "elect election{n} me --ttl 5", on: "scratch", endless: true},
		trial{line: "elect election{n} me --ttl 5 -- echo leads", on: "scratch"},
		trial{line: "elect queue --listen", on: "new", endless: true},
		trial{line: "user add user{n}:pw --roles a,b", on: "scratch"},
		trial{line: "user add user{n}:pw", on: "scratch"},
		trial{line: "user get user{n} --detail", on: "scratch", before: addUser},
		trial{line: "user list", on: "auth"},
		trial{line: "user passwd user{n} --interactive=false", on: "scratch", stdin: "new\n", before: addUser},
		trial{line: "user grant-role user{n} role{n}", on: "scratch", before: addUser},
		trial{line: "user revoke-role user{n} role{n}", on: "scratch", before: addUser},
		trial{line: "user get-cert user{n} --out-file {dir}/c --out-key-file {dir}/k --ca-cert {ca} --ca-key {cakey}", on: "scratch", before: addUser, secure: true},
		trial{line: "user get-cert user{n} --out-file {dir}/c --out-key-file {dir}/k --ca-cert {ca} --ca-key {cakey} --create", on: "scratch", secure: true},
		trial{line: "user offboard user{n}", on: "scratch", before: addUser},
		trial{line: "user import - --if-not-exists", on: "scratch", before: addUser, stdin: "name,roles,password\nuser{n},role{n},none\nnew{n},role{n},none\n"},
		trial{line: "user delete user{n}", on: "scratch", before: addUser},
		trial{line: "user check-password alice --interactive=false", on: "auth", stdin: "alicepw\n"},
		trial{line: "role add role{n} --key-prefix /x/ --read", on: "scratch"},
		trial{line: "role get role{n}", on: "scratch", before: addUser},
		trial{line: "role list -w table", on: "auth"},
		trial{line: "role grant-permission role{n} --prefix readwrite /b/", on: "scratch", before: addUser},
		trial{line: "role revoke-permission role{n} --prefix /a/", on: "scratch", before: addUser},
		trial{line: "role delete role{n}", on: "scratch", before: addUser},
		trial{line: "auth status", on: "auth"},
		trial{line: "auth enable", on: "new", canned: canned("Auth/AuthEnable")},
		trial{line: "auth enable --check --user root:pw", on: "new", canned: canned("Auth/AuthEnable", "Auth/AuthDisable", "Auth/Authenticate")},
		trial{line: "auth disable", on: "new", canned: canned("Auth/AuthDisable")},
		trial{line: "auth bootstrap --user root:pw", on: "new", canned: canned("Auth/AuthEnable", "Auth/AuthDisable", "Auth/Authenticate", "Auth/UserAdd", "Auth/UserGrantRole", "Auth/UserDelete", "Auth/UserChangePassword")},
		trial{line: "whoami", on: "auth", env: alice},
		trial{line: "login", on: "auth", env: alice},
		trial{line: "ls / --depth 2", on: "auth", env: alice, listing: true},
		trial{line: "rbac matrix", on: "auth"},
		trial{line: "rbac lint", on: "auth"},
		trial{line: "rbac who-can read /app/ --prefix", on: "auth"},
		trial{line: "rbac can-i read /app/ --prefix --as alice", on: "auth"},
		trial{line: "rbac can-i read /app/x --live", on: "auth", env: alice},
		trial{line: "rbac export", on: "auth"},
		trial{line: "rbac plan -f -", on: "auth", stdin: policy},
		trial{line: "rbac apply -f - --yes", on: "auth", stdin: policy, canned: canned("Auth/RoleAdd", "Auth/RoleGrantPermission", "Auth/UserGrantRole")},
		trial{line: "rbac test -f - --cluster", on: "auth", stdin: policy + "expect: [alice can read prefix /app/]\n"},
		trial{line: "member list -w table", on: "new"},
		trial{line: "member add node5 --peer-urls http://127.0.0.1:5", on: "new", canned: canned("Cluster/MemberAdd")},
		trial{line: "member remove 5", on: "new", canned: canned("Cluster/MemberRemove")},
		trial{line: "member update 5 --peer-urls http://127.0.0.1:6", on: "new", canned: canned("Cluster/MemberUpdate")},
		trial{line: "member promote 5", on: "new", canned: canned("Cluster/MemberPromote")},
		trial{line: "move-leader 5", on: "new", canned: canned("Maintenance/MoveLeader")},
		trial{line: "downgrade validate 3.6", on: "new", canned: canned("Maintenance/Downgrade")},
		trial{line: "downgrade enable 3.6", on: "new", canned: canned("Maintenance/Downgrade")},
		trial{line: "downgrade cancel", on: "new", canned: canned("Maintenance/Downgrade")},
		trial{line: "endpoint status --cluster -w table", on: "new"},
		trial{line: "endpoint status -w json", on: "new"},
		trial{line: "endpoint health --cluster", on: "new"},
		trial{line: "endpoint hashkv --cluster", on: "new"},
		trial{line: "alarm list", on: "new"},
		trial{line: "alarm disarm", on: "new"},
		trial{line: "defrag --cluster --leader-last --min-free 0 --wait=1s", on: "new", canned: canned("Maintenance/Defragment")},
		trial{line: "snapshot save {dir}/s.db", on: "new"},
		trial{line: "check perf --duration 300ms --auto-compact --prefix /perf{n}/", on: "scratch"},
		trial{line: "check datascale --prefix /scale{n}/ -w json", on: "scratch", canned: canned("KV/Put")},
		trial{line: "make-mirror {dest} --prefix /data/ --dest-prefix /copy/{n}/", on: "new", endless: true},
		trial{line: "make-mirror {dest} --prefix /data/0/ --dest-prefix /copy/{n}/ --once --prune --yes", on: "scratch", asDest: true},
		trial{line: "__complete get /data/", on: "new"},
		trial{line: "__complete get /", on: "auth", env: alice},
		trial{line: "__complete user revoke-role alice x", on: "auth"},
		trial{line: "__complete role revoke-permission app /", on: "auth"},
		trial{line: "__complete role revoke-permission app /app/ /", on: "auth"},
	)
}
