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

// clusterCases are the results of member, endpoint, alarm, defrag, downgrade,
// move-leader, snapshot, check and make-mirror.
func clusterCases() []goldenCase {
	h, members := clusterHeader(), threeMembers()
	list := MemberList{&clientv3.MemberListResponse{Header: h, Members: members}}
	learner := MemberAdded{"m2", "http://10.0.0.2:2380,http://10.1.0.2:2380", &clientv3.MemberAddResponse{Header: h, Member: members[1], Members: members}}
	voter := MemberAdded{`a "name"`, "https://[::1]:2380", &clientv3.MemberAddResponse{Header: h, Member: members[2], Members: members}}
	removed := MemberRemoved(shortID, &clientv3.MemberRemoveResponse{Header: h, Members: members[:1]})
	alarms := Alarms{&clientv3.AlarmResponse{Header: h, Alarms: []*pb.AlarmMember{
		{MemberID: 10276657743932975437, Alarm: pb.AlarmType_NOSPACE}, {MemberID: shortID, Alarm: pb.AlarmType_CORRUPT}, {Alarm: 7},
	}}}
	moved := LeaderMoved{10276657743932975437, shortID, &clientv3.MoveLeaderResponse{}}
	return []goldenCase{
		show("member-list", list),
		show("member-list", list).withHex(),
		show("member-list-empty", MemberList{&clientv3.MemberListResponse{Header: h}}),
		show("member-added-learner", learner),
		show("member-added-learner", learner).withHex(),
		show("member-added", voter),
		show("member-removed", removed),
		show("member-removed", removed).withHex(),
		show("member-updated", MemberUpdated(shortID, &clientv3.MemberUpdateResponse{Header: h, Members: members})),
		show("member-promoted", MemberPromoted(1<<64-1, &clientv3.MemberPromoteResponse{Header: h, Members: members})),
		show("endpoint-health", healthOfThree()),
		show("endpoint-health-of-nothing", EndpointHealth{}),
		show("endpoint-status", statusOfThree()),
		show("endpoint-status", statusOfThree()).withHex(),
		show("endpoint-status-unanswered", EndpointStatus{[]Status{{Endpoint: "http://10.0.0.1:2379", Reason: "context deadline exceeded: it is down"}}}),
		show("endpoint-overview", overviewOfFour()),
		show("endpoint-hashkv", hashOfThree()),
		show("endpoint-hashkv", hashOfThree()).withHex(),
		show("leader-moved", moved),
		show("leader-moved", moved).withHex(),
		show("alarms", alarms),
		show("alarms", alarms).withHex(),
		show("alarms-none", Alarms{&clientv3.AlarmResponse{Header: h}}),
		show("alarms-without-header", Alarms{&clientv3.AlarmResponse{}}), // as the client library makes it
		show("downgrade", Downgrade{"validate", &clientv3.DowngradeResponse{Header: header(), Version: "3.7"}}),
		show("defragmentation", Defragmentation{[]Defragmented{
			{Endpoint: "http://10.0.0.1:2379", Took: 1234567 * time.Microsecond, Before: 10_450_000, After: 4_200_000},
			{Endpoint: "10.0.0.2:2379", Took: 987654 * time.Nanosecond},
		}}),
		show("defragmentation-of-nothing", Defragmentation{}),
		show("snapshot-saved", SnapshotSaved{"/backup/a file.db", "3.7.0", 20512}),
		show("performance", Performance{Wanted: 150, Throughput: 149.2, Slowest: 0.0123456, Deviation: 0.0001}),
		show("performance-too-low", Performance{Wanted: 150, Throughput: 99, Slowest: 1.5, Deviation: 0.25,
			Failures: SortedFailures(map[string]int{"etcdserver: request timed out": 3, "context deadline exceeded": 1})}),
		show("performance-of-nothing", Performance{Wanted: 150, Deviation: math.NaN(), Failures: []Failure{{"x", 7}}}),
		show("datascale", Datascale{Keys: 10000, Memory: 24.5 * mebibyte}),
		show("datascale-with-errors", Datascale{Keys: 10000, Memory: -1, Failures: []Failure{{"x", 7}}}),
		show("memory-unknown", UnknownMemory{"fetch error: it is down", "before"}),
		show("mirrored", MirrorProgress{Count: 20000, Revision: 20012}),
		show("snapshot-status", SnapshotStatus{Hash: 892396603, Revision: 1043, Keys: 30, Size: 2170880, Version: "3.7.0"}),
		show("snapshot-saved-of-an-old-server", SnapshotSaved{"x", "", 20512}),
	}
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

func overviewOfFour() EndpointOverview {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	return EndpointOverview{Now: now, Members: []MemberOverview{
		{Name: "etcd-0", Role: "leader", Health: MemberOK, Latency: 1234567, Size: 2_100_000_000, SizeInUse: 2_000_000_000, Quota: 8_589_934_592, Expires: now.AddDate(0, 11, 30)},
		{Name: "a \x1b[2J", Role: "follower", Health: MemberAlarm, Latency: 12345678, RevisionLag: 123_456, Size: 1_023_000_000, SizeInUse: 4_096, Alarms: []string{"NOSPACE", "CORRUPT"}, Expires: now.Add(-time.Hour)},
		{Name: "10.0.0.3:2379", Health: MemberDown},
		{Name: "a-name-of-a-member-that-is-much-too-long", Role: "learner", Health: MemberUnknown, RevisionLag: 9_999, Size: 20_480, SizeInUse: 16_384, Expires: now.AddDate(0, 0, 13)},
	}}
}

func hashOfThree() EndpointHashKV {
	return EndpointHashKV{[]Hash{
		{Endpoint: "http://10.0.0.1:2379", Response: &clientv3.HashKVResponse{Header: header(), Hash: 1084519789, CompactRevision: -1, HashRevision: 42}},
		{Endpoint: "http://10.0.0.2:2379", Reason: "context deadline exceeded: it is down"},
		{Endpoint: "http://10.0.0.3:2379", Response: &clientv3.HashKVResponse{Header: header(), Hash: 1<<32 - 1, CompactRevision: 40, HashRevision: 42}},
	}}
}
