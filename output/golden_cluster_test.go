package output

import (
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
	return cases
}
