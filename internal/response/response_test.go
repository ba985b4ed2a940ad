package response

import (
	"errors"
	"strings"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/protobuf/proto"
)

func header() *pb.ResponseHeader { return &pb.ResponseHeader{Revision: 9} }

func keys(names ...string) []*mvccpb.KeyValue {
	var kvs []*mvccpb.KeyValue
	for _, name := range names {
		kvs = append(kvs, &mvccpb.KeyValue{Key: []byte(name), ModRevision: 5, CreateRevision: 3})
	}
	return kvs
}

// prefix is a request for all keys that start with k.
func prefix(change func(*pb.RangeRequest)) *pb.RangeRequest {
	q := &pb.RangeRequest{Key: []byte("k"), RangeEnd: []byte("l")}
	if change != nil {
		change(q)
	}
	return q
}

func listed(count int64, more bool, names ...string) *pb.RangeResponse {
	return &pb.RangeResponse{Header: header(), Kvs: keys(names...), Count: count, More: more}
}

func limit(n int64) func(*pb.RangeRequest) { return func(q *pb.RangeRequest) { q.Limit = n } }

func TestWhatHonestServersSayFits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ request, response proto.Message }{
		{prefix(nil), listed(0, false)},
		{prefix(nil), listed(2, false, "k", "k1")},
		{prefix(limit(2)), listed(2, false, "k", "k1")},
		{prefix(limit(2)), listed(7, true, "k", "k1")},
		{prefix(limit(-1)), listed(2, false, "k", "k1")},
		{prefix(func(q *pb.RangeRequest) { q.CountOnly = true }), listed(7, false)},
		{prefix(func(q *pb.RangeRequest) { q.Revision = 5 }), listed(1, false, "k")},
		{prefix(func(q *pb.RangeRequest) { q.SortOrder = pb.RangeRequest_DESCEND }), listed(2, false, "k1", "k")},
		{prefix(func(q *pb.RangeRequest) { q.SortTarget = pb.RangeRequest_MOD }), listed(2, false, "k1", "k")},
		{prefix(func(q *pb.RangeRequest) { q.MinModRevision = 4 }), listed(7, false, "k")},
		{&pb.RangeRequest{Key: []byte("k")}, listed(1, false, "k")},
		{&pb.RangeRequest{Key: []byte("k"), RangeEnd: []byte{0}}, listed(2, false, "k", "z")},
		{&pb.PutRequest{Key: []byte("k")}, &pb.PutResponse{Header: header()}},
		{&pb.PutRequest{Key: []byte("k"), PrevKv: true}, &pb.PutResponse{Header: header(), PrevKv: keys("k")[0]}},
		{&pb.DeleteRangeRequest{Key: []byte("k")}, &pb.DeleteRangeResponse{Header: header(), Deleted: 1}},
		{&pb.DeleteRangeRequest{Key: []byte("k"), RangeEnd: []byte("l"), PrevKv: true}, &pb.DeleteRangeResponse{Header: header(), Deleted: 1, PrevKvs: keys("k1")}},
		{&pb.LeaseGrantRequest{TTL: 5}, &pb.LeaseGrantResponse{Header: header(), ID: 7, TTL: 5}},
		{&pb.LeaseTimeToLiveRequest{ID: 7}, &pb.LeaseTimeToLiveResponse{Header: header(), ID: 7, TTL: -1}},
		{&pb.LeaseKeepAliveRequest{ID: 7}, &pb.LeaseKeepAliveResponse{Header: header(), ID: 7}},
		{&pb.DefragmentRequest{}, &pb.DefragmentResponse{}},
		{&pb.AuthUserListRequest{}, &pb.AuthUserListResponse{Users: []string{"b", "a"}}},
		{transaction(), &pb.TxnResponse{Header: header(), Succeeded: true, Responses: []*pb.ResponseOp{putPart(), rangePart()}}},
		{transaction(), &pb.TxnResponse{Header: header(), Responses: []*pb.ResponseOp{rangePart()}}},
	} {
		if err := Check(test.request, test.response); err != nil {
			t.Errorf("%v to %v: %v", test.response, test.request, err)
		}
	}
}

func rangeOp() *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestRange{RequestRange: prefix(nil)}}
}

// transaction puts and reads, or else only reads.
func transaction() *pb.TxnRequest {
	put := &pb.RequestOp{Request: &pb.RequestOp_RequestPut{RequestPut: &pb.PutRequest{Key: []byte("k")}}}
	return &pb.TxnRequest{Success: []*pb.RequestOp{put, rangeOp()}, Failure: []*pb.RequestOp{rangeOp()}}
}

func putPart() *pb.ResponseOp {
	return &pb.ResponseOp{Response: &pb.ResponseOp_ResponsePut{ResponsePut: &pb.PutResponse{}}}
}

// rangePart has no header, as the parts of some servers.
func rangePart() *pb.ResponseOp {
	return &pb.ResponseOp{Response: &pb.ResponseOp_ResponseRange{ResponseRange: &pb.RangeResponse{Kvs: keys("k"), Count: 1}}}
}

func TestWhatDoesNotFitIsAnError(t *testing.T) {
	t.Parallel()
	const outside, order, short = "outside the requested range", "out of order or repeated", "so the listing is incomplete or wrong"
	for _, test := range []struct {
		request, response proto.Message
		want              string
	}{
		{prefix(nil), &pb.RangeResponse{}, "has no header"},
		{prefix(nil), &pb.RangeResponse{Header: &pb.ResponseHeader{Revision: -1}}, "is of revision -1"},
		{prefix(nil), &pb.RangeResponse{Header: &pb.ResponseHeader{}}, "is of revision 0"},
		{prefix(nil), listed(3, false, "k", "k1"), short},
		{prefix(nil), listed(1, false, "k", "k1"), short},
		{prefix(nil), listed(-1, false), short},
		{prefix(nil), listed(0, true), short},
		{prefix(nil), listed(1, true, "k"), short},
		{prefix(limit(2)), listed(3, true, "k"), short},
		{prefix(limit(2)), listed(3, false, "k", "k1"), short},
		{prefix(limit(1)), listed(2, false, "k", "k1"), "more than the limit of 1"},
		{prefix(nil), listed(2, false, "k1", "k"), order},
		{prefix(nil), listed(2, false, "k", "k"), order},
		{prefix(nil), listed(1, false, "l"), outside},
		{prefix(nil), listed(1, false, ""), outside},
		{&pb.RangeRequest{Key: []byte("k")}, listed(1, false, "k1"), outside},
		{&pb.RangeRequest{Key: []byte("k"), RangeEnd: []byte{0}}, listed(1, false, "a"), outside},
		{prefix(func(q *pb.RangeRequest) { q.Revision = 4 }), listed(1, false, "k"), "of revision 5, after revision 4"},
		{prefix(func(q *pb.RangeRequest) { q.Revision = 10 }), listed(1, false, "k"), "before the requested 10"},
		{prefix(func(q *pb.RangeRequest) { q.MinModRevision = 6 }), listed(1, false, "k"), "exclude"},
		{prefix(func(q *pb.RangeRequest) { q.SortOrder = pb.RangeRequest_DESCEND }), listed(2, false, "k", "k1"), "out of order"},
		{prefix(func(q *pb.RangeRequest) { q.SortTarget = pb.RangeRequest_MOD }), listed(2, false, "k", "k"), "twice"},
		{prefix(func(q *pb.RangeRequest) { q.CountOnly = true }), listed(1, false, "k"), "only their number"},
		{&pb.PutRequest{Key: []byte("k")}, &pb.PutResponse{}, "has no header"},
		{&pb.PutRequest{Key: []byte("k")}, &pb.PutResponse{Header: header(), PrevKv: keys("k")[0]}, "not requested"},
		{&pb.PutRequest{Key: []byte("k"), PrevKv: true}, &pb.PutResponse{Header: header(), PrevKv: keys("l")[0]}, "another one"},
		{&pb.DeleteRangeRequest{Key: []byte("k"), PrevKv: true}, &pb.DeleteRangeResponse{Header: header(), Deleted: 1}, "counts 1"},
		{&pb.DeleteRangeRequest{Key: []byte("k"), PrevKv: true}, &pb.DeleteRangeResponse{Header: header(), Deleted: 1, PrevKvs: keys("l")}, outside},
		{&pb.LeaseGrantRequest{TTL: 5}, &pb.LeaseGrantResponse{Header: header(), ID: 7}, "lives for 0 seconds"},
		{&pb.LeaseGrantRequest{TTL: 5}, &pb.LeaseGrantResponse{Header: header(), ID: 7, TTL: 1 << 62}, "lives for"},
		{&pb.LeaseGrantRequest{TTL: 5}, &pb.LeaseGrantResponse{Header: header(), TTL: 5}, "the lease 0"},
		{&pb.LeaseKeepAliveRequest{ID: 7}, &pb.LeaseKeepAliveResponse{Header: header(), ID: 8, TTL: 5}, "the lease 8"},
		{&pb.LeaseKeepAliveRequest{ID: 7}, &pb.LeaseKeepAliveResponse{Header: header(), ID: 7, TTL: 1 << 62}, "lives for"},
		{&pb.LeaseTimeToLiveRequest{ID: 7}, &pb.LeaseTimeToLiveResponse{Header: header(), ID: 8, TTL: 5}, "the lease 8"},
		{transaction(), &pb.TxnResponse{Header: header(), Succeeded: true, Responses: []*pb.ResponseOp{putPart()}}, "1 part for 2 operations"},
		{transaction(), &pb.TxnResponse{Header: header(), Succeeded: true, Responses: []*pb.ResponseOp{rangePart(), putPart()}}, "another kind of part 1"},
		{transaction(), &pb.TxnResponse{Header: header(), Responses: []*pb.ResponseOp{{}}}, "another kind of part 1"},
		{&pb.AuthUserListRequest{}, &pb.AuthUserListResponse{Users: []string{"a", "b", "a"}}, `the name "a" twice`},
		{&pb.AuthRoleListRequest{}, &pb.AuthRoleListResponse{Roles: []string{"a", "a"}}, `the name "a" twice`},
		{&pb.AuthUserGetRequest{}, &pb.AuthUserGetResponse{Roles: []string{"a", "a"}}, `the name "a" twice`},
		{transaction(), &pb.TxnResponse{Responses: []*pb.ResponseOp{rangePart()}}, "has no header"},
	} {
		err := Check(test.request, test.response)
		if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Error(), test.want) {
			t.Errorf("%v to %v: the error is %v, want one with %q", test.response, test.request, err, test.want)
		}
	}
}

// A stream of a range is one listing, whatever its blocks.
func TestTheBlocksOfAStreamAreOneListing(t *testing.T) {
	t.Parallel()
	block := func(names ...string) *pb.RangeResponse { return &pb.RangeResponse{Kvs: keys(names...)} }
	for _, test := range []struct {
		blocks []*pb.RangeResponse
		want   string // in the error; empty: there is none
	}{
		{[]*pb.RangeResponse{listed(0, false)}, ""},
		{[]*pb.RangeResponse{block("k", "k1"), listed(3, false, "k2")}, ""},
		{[]*pb.RangeResponse{block("k"), block("k"), listed(2, false)}, "repeated"},
		{[]*pb.RangeResponse{block("k1"), listed(2, false, "k")}, "out of order"},
		{[]*pb.RangeResponse{block("k1"), block(), listed(1, false)}, "a block without keys"},
		{[]*pb.RangeResponse{block("k"), listed(3, false, "k1")}, "has 2 keys and counts 3"},
		{[]*pb.RangeResponse{block("k")}, "ends without its last block"},
		{[]*pb.RangeResponse{listed(1, false, "k"), block("k1")}, "continues after its last block"},
		{[]*pb.RangeResponse{nil}, "without content"},
	} {
		s := newRangeStream(prefix(nil))
		var err error
		for _, b := range test.blocks {
			if err == nil {
				err = s.next(b)
			}
		}
		if err == nil {
			err = s.end()
		}
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: the error is %v, want %q", test.blocks, err, test.want)
		}
	}
}

func TestAWatchHasOnlyWhatWasRequested(t *testing.T) {
	t.Parallel()
	created := &pb.WatchResponse{Header: header(), Created: true, WatchId: 3}
	event := func(key string) []*mvccpb.Event { return []*mvccpb.Event{{Kv: keys(key)[0]}} }
	for _, test := range []struct {
		responses []*pb.WatchResponse
		want      string
	}{
		{[]*pb.WatchResponse{created, {Header: header(), WatchId: 3, Events: event("k1")}}, ""},
		{[]*pb.WatchResponse{created, {Header: header(), WatchId: 3, Events: event("l")}}, "outside the watched range"},
		{[]*pb.WatchResponse{created, {Header: header(), WatchId: 3, Events: []*mvccpb.Event{{}}}}, "without a key"},
		{[]*pb.WatchResponse{created, {Header: header(), WatchId: 4, Events: event("k1")}}, "unknown watch"},
		{[]*pb.WatchResponse{created, created}, "a second watch with the ID 3"},
		{[]*pb.WatchResponse{created, {Header: header(), Created: true, Canceled: true, WatchId: -1}}, ""},
		{[]*pb.WatchResponse{created, {Header: header(), Created: true, WatchId: 4}, {Header: header(), Created: true, WatchId: 5}}, "not requested"},
		{[]*pb.WatchResponse{{Created: true}}, "has no header"},
	} {
		var w watches
		for range 2 {
			w.sent(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: &pb.WatchCreateRequest{Key: []byte("k"), RangeEnd: []byte("l")}}})
		}
		var err error
		for _, r := range test.responses {
			if err == nil {
				err = w.next(r)
			}
		}
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: the error is %v, want %q", test.responses, err, test.want)
		}
	}
}
