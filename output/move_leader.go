package output

import (
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// LeaderMoved is the result of "move-leader".
type LeaderMoved struct {
	From, To uint64 // IDs of members
	Response *clientv3.MoveLeaderResponse
}

// Simple implements Result.
func (r LeaderMoved) Simple(t *Text) {
	t.Linef("Leadership transferred from %x to %x", r.From, r.To)
}

// fields writes the fields. etcdctl does not support fields for this command.
func (r LeaderMoved) fields(f *FieldText) {
	f.id("PreviousLeader", r.From)
	f.id("Leader", r.To)
}

func (r LeaderMoved) api() apiForms {
	return apiForms{message: (*pb.MoveLeaderResponse)(r.Response), fields: r.fields}
}

// Table implements Result.
func (r LeaderMoved) Table() TableData {
	return oneRow("previous leader", hexID(r.From), "leader", hexID(r.To))
}

// Document implements Result.
func (r LeaderMoved) Document() Object {
	return Object{{"previous_leader", ID(r.From)}, {"leader", ID(r.To)}}
}
