package output

import (
	"fmt"
	"strconv"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// memberStatus returns "started" or "unstarted". A member has no name until its first
// start.
func memberStatus(m *pb.Member) string {
	if m.GetName() == "" {
		return "unstarted"
	}
	return "started"
}

func memberObject(m *pb.Member) Object {
	return Object{
		{"id", ID(m.GetID())},
		{"status", memberStatus(m)},
		{"name", m.GetName()},
		{"peer_urls", m.GetPeerURLs()},
		{"client_urls", m.GetClientURLs()},
		{"learner", m.GetIsLearner()},
	}
}

func memberObjects(members []*pb.Member) []Object {
	objects := make([]Object, 0, len(members))
	for _, m := range members {
		objects = append(objects, memberObject(m))
	}
	return objects
}

func hexID(id uint64) string { return strconv.FormatUint(id, 16) }

// hexHeader and hexMember are the API's header and member in JSON with --hex. Their IDs
// are hexadecimal text.
type hexHeader struct {
	ClusterID string `json:"cluster_id"`
	MemberID  string `json:"member_id"`
	Revision  int64  `json:"revision,omitempty"`
	RaftTerm  uint64 `json:"raft_term,omitempty"`
}

type hexMember struct {
	ID         string   `json:"ID"`
	Name       string   `json:"name,omitempty"`
	PeerURLs   []string `json:"peerURLs,omitempty"`
	ClientURLs []string `json:"clientURLs,omitempty"`
	IsLearner  bool     `json:"isLearner,omitempty"`
}

// membership is a response of the API with all members.
type membership interface {
	headed
	GetMembers() []*pb.Member
}

type hexMembership struct {
	Header  hexHeader   `json:"header"`
	Member  *hexMember  `json:"member,omitempty"`
	Members []hexMember `json:"members"`
}

func newHexMember(m *pb.Member) hexMember {
	return hexMember{hexID(m.GetID()), m.GetName(), m.GetPeerURLs(), m.GetClientURLs(), m.GetIsLearner()}
}

func newHexMembership(r membership) hexMembership {
	h := r.GetHeader()
	m := hexMembership{
		Header:  hexHeader{hexID(h.GetClusterId()), hexID(h.GetMemberId()), h.GetRevision(), h.GetRaftTerm()},
		Members: []hexMember{},
	}
	for _, member := range r.GetMembers() {
		m.Members = append(m.Members, newHexMember(member))
	}
	return m
}

// MemberList is the result of "member list".
type MemberList struct {
	Response *clientv3.MemberListResponse
}

func (r MemberList) response() *pb.MemberListResponse { return (*pb.MemberListResponse)(r.Response) }

// Simple implements Result.
func (r MemberList) Simple(t *Text) { simpleRows(t, r.Table()) }

func (r MemberList) fields(f *FieldText) {
	f.Header(r.response().GetHeader())
	for _, m := range r.response().GetMembers() {
		f.member(m)
	}
}

func (f *FieldText) member(m *pb.Member) {
	f.id("ID", m.GetID())
	f.Quoted("Name", m.GetName())
	for _, url := range m.GetPeerURLs() {
		f.Quoted("PeerURL", url)
	}
	for _, url := range m.GetClientURLs() {
		f.Quoted("ClientURL", url)
	}
	f.Field("IsLearner", m.GetIsLearner())
	f.Linef("")
}

func (r MemberList) api() apiForms {
	return apiForms{message: r.response(), fields: r.fields, jsonHex: newHexMembership(r.response())}
}

// Table implements Result.
func (r MemberList) Table() TableData {
	t := TableData{Header: []string{"id", "status", "name", "peer addrs", "client addrs", "is learner"}}
	for _, m := range r.response().GetMembers() {
		t.Rows = append(t.Rows, []string{
			hexID(m.GetID()),
			memberStatus(m),
			m.GetName(),
			strings.Join(m.GetPeerURLs(), ","),
			strings.Join(m.GetClientURLs(), ","),
			strconv.FormatBool(m.GetIsLearner()),
		})
	}
	return t
}

// Document implements Result.
func (r MemberList) Document() Object {
	return Object{{"members", memberObjects(r.response().GetMembers())}}
}

// Items implements Lister.
func (r MemberList) Items() []Object { return memberObjects(r.response().GetMembers()) }

// MemberAdded is the result of "member add": the new member and the settings to start it.
type MemberAdded struct {
	Name     string // the cluster learns it only when the member starts
	PeerURLs string // as the user gave them
	Response *clientv3.MemberAddResponse
}

func (r MemberAdded) response() *pb.MemberAddResponse { return (*pb.MemberAddResponse)(r.Response) }

// environment returns the environment variables to start the new member with.
func (r MemberAdded) environment() Object {
	var cluster []string
	for _, m := range r.response().GetMembers() {
		name := m.GetName()
		if m.GetID() == r.response().GetMember().GetID() {
			name = r.Name
		}
		for _, url := range m.GetPeerURLs() {
			cluster = append(cluster, name+"="+url)
		}
	}
	return Object{
		{"ETCD_NAME", r.Name},
		{"ETCD_INITIAL_CLUSTER", strings.Join(cluster, ",")},
		{"ETCD_INITIAL_ADVERTISE_PEER_URLS", r.PeerURLs},
		{"ETCD_INITIAL_CLUSTER_STATE", "existing"},
	}
}

// Simple implements Result. etcdctl pads the IDs with spaces.
func (r MemberAdded) Simple(t *Text) {
	role := ""
	if r.response().GetMember().GetIsLearner() {
		role = "as learner "
	}
	t.Linef("Member %16x added %sto cluster %16x", r.response().GetMember().GetID(), role, r.response().GetHeader().GetClusterId())
	t.Linef("")
	for _, variable := range r.environment() {
		t.Linef("%s=%q", variable.Name, variable.Value)
	}
}

// fields writes the fields. etcdctl does not support fields for this command.
func (r MemberAdded) fields(f *FieldText) {
	f.Header(r.response().GetHeader())
	f.member(r.response().GetMember())
	for _, variable := range r.environment() {
		f.Field(variable.Name, fmt.Sprintf("%q", variable.Value))
	}
}

func (r MemberAdded) api() apiForms {
	return apiForms{message: r.response(), fields: r.fields, jsonHex: r.jsonHex()}
}

func (r MemberAdded) jsonHex() hexMembership {
	document := newHexMembership(r.response())
	member := newHexMember(r.response().GetMember())
	document.Member = &member
	return document
}

// Table implements Result.
func (r MemberAdded) Table() TableData {
	return oneRow(
		"id", hexID(r.response().GetMember().GetID()),
		"name", cell([]byte(r.Name)),
		"peer addrs", cell([]byte(r.PeerURLs)),
		"is learner", strconv.FormatBool(r.response().GetMember().GetIsLearner()),
		"result", "added")
}

// Document implements Result.
func (r MemberAdded) Document() Object {
	return Object{
		{"id", ID(r.response().GetMember().GetID())},
		{"name", r.Name},
		{"peer_urls", r.response().GetMember().GetPeerURLs()},
		{"learner", r.response().GetMember().GetIsLearner()},
		{"result", "added"},
		{"environment", r.environment()},
		{"members", memberObjects(r.response().GetMembers())},
	}
}

// MemberChange is the result of a command that changes a member. See MemberRemoved,
// MemberUpdated and MemberPromoted.
type MemberChange struct {
	id       uint64
	response membership
	line     string // etcdctl's line, a format for the two IDs
	action   string // what happened to the member, a past participle
}

// MemberRemoved is the result of "member remove".
func MemberRemoved(id uint64, r *clientv3.MemberRemoveResponse) MemberChange {
	return MemberChange{id, (*pb.MemberRemoveResponse)(r), "Member %16x removed from cluster %16x", "removed"}
}

// MemberUpdated is the result of "member update".
func MemberUpdated(id uint64, r *clientv3.MemberUpdateResponse) MemberChange {
	return MemberChange{id, (*pb.MemberUpdateResponse)(r), "Member %16x updated in cluster %16x", "updated"}
}

// MemberPromoted is the result of "member promote".
func MemberPromoted(id uint64, r *clientv3.MemberPromoteResponse) MemberChange {
	return MemberChange{id, (*pb.MemberPromoteResponse)(r), "Member %16x promoted in cluster %16x", "promoted"}
}

// Simple implements Result. etcdctl pads the IDs with spaces.
func (r MemberChange) Simple(t *Text) {
	t.Linef(r.line, r.id, r.response.GetHeader().GetClusterId())
}

func (r MemberChange) fields(f *FieldText) {
	f.Header(r.response.GetHeader())
	for _, m := range r.response.GetMembers() {
		f.member(m)
	}
}

func (r MemberChange) api() apiForms {
	return apiForms{message: r.response, fields: r.fields, jsonHex: newHexMembership(r.response)}
}

// Table implements Result.
func (r MemberChange) Table() TableData {
	return oneRow("id", hexID(r.id), "result", r.action)
}

// Document implements Result.
func (r MemberChange) Document() Object {
	return Object{
		{"id", ID(r.id)},
		{"result", r.action},
		{"members", memberObjects(r.response.GetMembers())},
	}
}
