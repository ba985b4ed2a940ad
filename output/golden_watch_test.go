package output

import (
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// watched prints responses one after another. In parts, each event is a part of its
// response, and an empty part ends it.
func watched(inParts bool, responses ...*pb.WatchResponse) func(*Printer) error {
	return func(p *Printer) error {
		stream := p.Watch()
		for _, r := range responses {
			if !inParts {
				if err := stream.Next(&pb.WatchResponse{Header: header(), Events: r.Events, CompactRevision: r.CompactRevision, Canceled: r.Canceled}, false); err != nil {
					return err
				}
				continue
			}
			for i, event := range r.Events {
				if err := stream.Next(&pb.WatchResponse{Header: header(), Events: []*mvccpb.Event{event}, Fragment: true}, i > 0); err != nil {
					return err
				}
			}
			if err := stream.Next(&pb.WatchResponse{Header: header()}, true); err != nil {
				return err
			}
		}
		return nil
	}
}

// watchCases are the results of watch.
func watchCases() []goldenCase {
	put := &mvccpb.Event{Kv: oddKeys()[1]}
	overwrite := &mvccpb.Event{Kv: oddKeys()[3], PrevKv: keyValue("binary", "before", 0)}
	deletion := &mvccpb.Event{Type: mvccpb.Event_DELETE, Kv: &mvccpb.KeyValue{Key: []byte("gone"), ModRevision: 41}}
	events := []*pb.WatchResponse{{Events: []*mvccpb.Event{put, overwrite}}, {Events: []*mvccpb.Event{deletion}}}
	onePut := &pb.WatchResponse{Events: []*mvccpb.Event{put}}
	compacted := &pb.WatchResponse{CompactRevision: 40, Canceled: true}
	return []goldenCase{
		showAll("watched", watched(false, events...)),
		showAll("watched", watched(false, events...)).withHex(),
		showAll("watched-parts", watched(true, events...)), // in all but yaml the same as "watched"
		showAll("watched-progress", watched(false, &pb.WatchResponse{}, onePut, &pb.WatchResponse{})),
		showAll("watched-compacted", watched(false, onePut, compacted)),
	}
}

// nexts prints results one after another, as a stream.
func nexts(results ...Result) func(*Printer) error {
	return func(p *Printer) error {
		stream := p.Results()
		for _, r := range results {
			if err := stream.Next(r); err != nil {
				return err
			}
		}
		return nil
	}
}

// leaseCases are the results of lease.
func leaseCases() []goldenCase {
	h, lease := header(), clientv3.LeaseID(0x694d7e4f1a2b3c05)
	info := func(keys bool, response clientv3.LeaseTimeToLiveResponse) LeaseInfo {
		response.ResponseHeader = h
		return LeaseInfo{Keys: keys, Response: &response}
	}
	granted := LeaseGranted{&clientv3.LeaseGrantResponse{ResponseHeader: h, ID: lease, TTL: 60}}
	revoked := LeaseRevoked{lease, &clientv3.LeaseRevokeResponse{Header: h}}
	alive := clientv3.LeaseTimeToLiveResponse{ID: lease, TTL: 41, GrantedTTL: 60}
	withKeys := alive
	withKeys.Keys = [][]byte{[]byte("/leased"), []byte("binary \x00\xff"), []byte("two words")}
	expired := clientv3.LeaseTimeToLiveResponse{ID: -1, TTL: -1}
	list := LeaseList{&clientv3.LeaseLeasesResponse{ResponseHeader: h, Leases: []clientv3.LeaseStatus{{ID: lease}, {ID: 0x1234}}}}
	kept := LeaseKeptAlive{&clientv3.LeaseKeepAliveResponse{ResponseHeader: h, ID: lease, TTL: 60}}
	return []goldenCase{
		show("lease-granted", granted),
		show("lease-granted", granted).withHex(),
		show("lease-revoked", revoked),
		show("lease-revoked", revoked).withHex(),
		show("lease-info", info(false, alive)),
		show("lease-info", info(false, alive)).withHex(),
		show("lease-info-expired", info(true, expired)),
		show("lease-info-expired", info(true, expired)).withHex(),
		show("lease-info-keys", info(true, withKeys)),
		show("lease-info-keys", info(true, withKeys)).withHex(),
		show("lease-info-no-keys", info(true, alive)),
		show("lease-list", list),
		show("lease-list", list).withHex(),
		show("lease-list-empty", LeaseList{&clientv3.LeaseLeasesResponse{ResponseHeader: h, Leases: []clientv3.LeaseStatus{}}}),
		show("lease-kept-alive", kept),
		show("lease-kept-alive", kept).withHex(),
		showAll("lease-keep-alive", nexts(kept, kept, LeaseGone{lease})),
	}
}

// lockCases are the results of lock and elect.
func lockCases() []goldenCase {
	held := func(kv *mvccpb.KeyValue) LockHolder {
		return LockHolder{&clientv3.GetResponse{Header: header(), Kvs: []*mvccpb.KeyValue{kv}, Count: 1}}
	}
	leader := func(kv *mvccpb.KeyValue) LockHolder {
		return LockHolder{&clientv3.GetResponse{Header: header(), Kvs: []*mvccpb.KeyValue{kv}}}
	}
	lock := held(keyValue("/locks/deploy/694d7e4f1a2b3c05", "", 0x694d7e4f1a2b3c05))
	return []goldenCase{
		show("lock-held", lock),
		show("lock-held", lock).withHex(),
		show("leader", held(keyValue("/election/694d7e4f1a2b3c05", "host 1", 0x694d7e4f1a2b3c05))),
		show("leader-binary", held(keyValue("\xff/694d7e4f1a2b3c05", "two\nlines", 0x694d7e4f1a2b3c05))),
		showAll("leaders", nexts(leader(oddKeys()[0]), leader(oddKeys()[1]))),
	}
}
