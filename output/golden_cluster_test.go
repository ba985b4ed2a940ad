package output

import (
	"math"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// clusterHeader is the header of a response that is not about keys.
func clusterHeader() *pb.ResponseHeader {
	return &pb.ResponseHeader{ClusterId: 14841639068965178418, MemberId: 10276657743932975437, RaftTerm: 2}
}

// shortID is an ID of 15 digits.
const shortID = 0x358cef64a564ccd

func threeMembers() []*pb.Member {
	return []*pb.Member{
		{ID: 10276657743932975437, Name: "m1", PeerURLs: []string{"http://10.0.0.1:2380"}, ClientURLs: []string{"http://10.0.0.1:2379", "http://127.0.0.1:2379"}},
		{ID: shortID, Name: "", PeerURLs: []string{"http://10.0.0.2:2380", "http://10.1.0.2:2380"}, IsLearner: true},
		{ID: 1<<64 - 1, Name: "m 3", PeerURLs: []string{"https://[::1]:2380"}, ClientURLs: []string{"https://[::1]:2379"}},
	}
}

func clusterResults() []printed {
	var cases []printed
	add := func(of, name string, hex bool, r Result) {
		cases = append(cases, printed{name: name, of: of, hex: hex, write: func(p *Printer) error { return p.Print(r) }})
	}
	h, members := clusterHeader(), threeMembers()
	list := MemberList{&clientv3.MemberListResponse{Header: h, Members: members}}
	learner := MemberAdded{"m2", "http://10.0.0.2:2380,http://10.1.0.2:2380", &clientv3.MemberAddResponse{Header: h, Member: members[1], Members: members}}
	voter := MemberAdded{`a "name"`, "https://[::1]:2380", &clientv3.MemberAddResponse{Header: h, Member: members[2], Members: members}}
	removed := MemberRemoved(shortID, &clientv3.MemberRemoveResponse{Header: h, Members: members[:1]})
	add("MemberList", "member-list", false, list)
	add("MemberList", "member-list-hex", true, list)
	add("MemberList", "member-list-empty", false, MemberList{&clientv3.MemberListResponse{Header: h}})
	add("MemberAdded", "member-added-learner", false, learner)
	add("MemberAdded", "member-added-learner-hex", true, learner)
	add("MemberAdded", "member-added", false, voter)
	add("MemberChange", "member-removed", false, removed)
	add("MemberChange", "member-removed-hex", true, removed)
	add("MemberChange", "member-updated", false, MemberUpdated(shortID, &clientv3.MemberUpdateResponse{Header: h, Members: members}))
	add("MemberChange", "member-promoted", false, MemberPromoted(1<<64-1, &clientv3.MemberPromoteResponse{Header: h, Members: members}))

	add("EndpointHealth", "endpoint-health", false, healthOfThree())
	add("EndpointHealth", "endpoint-health-of-nothing", false, EndpointHealth{})
	add("EndpointStatus", "endpoint-status", false, statusOfThree())
	add("EndpointStatus", "endpoint-status-hex", true, statusOfThree())
	add("EndpointStatus", "endpoint-status-unanswered", false, EndpointStatus{[]Status{{Endpoint: "http://10.0.0.1:2379", Reason: "context deadline exceeded: it is down"}}})
	add("EndpointHashKV", "endpoint-hashkv", false, hashOfThree())
	add("EndpointHashKV", "endpoint-hashkv-hex", true, hashOfThree())

	add("LeaderMoved", "leader-moved", false, LeaderMoved{10276657743932975437, shortID, &clientv3.MoveLeaderResponse{}})
	add("LeaderMoved", "leader-moved-hex", true, LeaderMoved{10276657743932975437, shortID, &clientv3.MoveLeaderResponse{}})
	alarms := Alarms{&clientv3.AlarmResponse{Header: h, Alarms: []*pb.AlarmMember{
		{MemberID: 10276657743932975437, Alarm: pb.AlarmType_NOSPACE}, {MemberID: shortID, Alarm: pb.AlarmType_CORRUPT}, {Alarm: 7},
	}}}
	add("Alarms", "alarms", false, alarms)
	add("Alarms", "alarms-hex", true, alarms)
	add("Alarms", "alarms-none", false, Alarms{&clientv3.AlarmResponse{Header: h}})
	add("Alarms", "alarms-without-header", false, Alarms{&clientv3.AlarmResponse{}}) // as the client library makes it
	add("Downgrade", "downgrade", false, Downgrade{"validate", &clientv3.DowngradeResponse{Header: header(), Version: "3.7"}})
	add("Defragmentation", "defragmentation", false, Defragmentation{[]Defragmented{
		{Endpoint: "http://10.0.0.1:2379", Took: 1234567 * time.Microsecond, Before: 10_450_000, After: 4_200_000},
		{Endpoint: "10.0.0.2:2379", Took: 987654 * time.Nanosecond},
	}})
	add("Defragmentation", "defragmentation-of-nothing", false, Defragmentation{})
	add("SnapshotSaved", "snapshot-saved", false, SnapshotSaved{"/backup/a file.db", "3.7.0", 20512})
	add("Performance", "performance", false, Performance{Wanted: 150, Throughput: 149.2, Slowest: 0.0123456, Deviation: 0.0001})
	add("Performance", "performance-too-low", false, Performance{Wanted: 150, Throughput: 99, Slowest: 1.5, Deviation: 0.25,
		Failures: SortedFailures(map[string]int{"etcdserver: request timed out": 3, "context deadline exceeded": 1})})
	add("Performance", "performance-of-nothing", false, Performance{Wanted: 150, Deviation: math.NaN(), Failures: []Failure{{"x", 7}}})
	add("Datascale", "datascale", false, Datascale{Keys: 10000, Memory: 24.5 * mebibyte})
	add("Datascale", "datascale-with-errors", false, Datascale{Keys: 10000, Memory: -1, Failures: []Failure{{"x", 7}}})
	add("UnknownMemory", "memory-unknown", false, UnknownMemory{"fetch error: it is down", "before"})
	add("Mirrored", "mirrored", false, Mirrored{Count: 20000, Revision: 20012})
	add("SnapshotSaved", "snapshot-saved-of-an-old-server", false, SnapshotSaved{"x", "", 20512})
	return cases
}

func healthOfThree() EndpointHealth {
	return EndpointHealth{[]Health{
		{Endpoint: "http://10.0.0.1:2379", Took: "1.234567ms", Alarms: &clientv3.AlarmResponse{Header: clusterHeader()}},
		{Endpoint: "10.0.0.2:2379", Took: "5.000123456s", Error: "context deadline exceeded", Reason: "context deadline exceeded: it is down"},
		{
			Endpoint: "https://[::1]:2379", Took: "987.654µs", Error: "Active Alarm(s): NOSPACE CORRUPT ", Reason: "Active Alarm(s): NOSPACE CORRUPT",
			Alarms: &clientv3.AlarmResponse{Header: clusterHeader(), Alarms: []*pb.AlarmMember{{MemberID: shortID, Alarm: pb.AlarmType_NOSPACE}, {MemberID: shortID, Alarm: pb.AlarmType_CORRUPT}}},
		},
	}}
}

func statusOfThree() EndpointStatus {
	leader := &clientv3.StatusResponse{
		Header: header(), Version: "3.7.3", DbSize: 10_450_000, Leader: 10276657743932975437, RaftIndex: 1 << 40, RaftTerm: 2, RaftAppliedIndex: 1<<40 - 1,
		DbSizeInUse: 4_200_000, StorageVersion: "3.7.0", DbSizeQuota: 2147483648, DowngradeInfo: &pb.DowngradeInfo{Enabled: true, TargetVersion: "3.6.0"},
	}
	learner := &clientv3.StatusResponse{
		Header: &pb.ResponseHeader{ClusterId: 14841639068965178418, MemberId: shortID, Revision: 42, RaftTerm: 2}, Version: "3.4.23", Leader: 10276657743932975437,
		RaftTerm: 2, Errors: []string{"etcdserver: no leader", "memberID:1 alarm:NOSPACE "}, IsLearner: true,
	}
	return EndpointStatus{[]Status{
		{Endpoint: "http://10.0.0.1:2379", Response: leader},
		{Endpoint: "http://10.0.0.2:2379", Reason: "context deadline exceeded: it is down"},
		{Endpoint: "10.0.0.3:2379", Response: learner},
	}}
}

func hashOfThree() EndpointHashKV {
	return EndpointHashKV{[]Hash{
		{Endpoint: "http://10.0.0.1:2379", Response: &clientv3.HashKVResponse{Header: header(), Hash: 1084519789, CompactRevision: -1, HashRevision: 42}},
		{Endpoint: "http://10.0.0.2:2379", Reason: "context deadline exceeded: it is down"},
		{Endpoint: "http://10.0.0.3:2379", Response: &clientv3.HashKVResponse{Header: header(), Hash: 1<<32 - 1, CompactRevision: 40, HashRevision: 42}},
	}}
}
