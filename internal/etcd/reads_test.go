package etcd

import (
	"context"
	"errors"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"

	"github.com/ectl-io/ectl/internal/etcd/diagnose"
)

func reading(key string) *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestRange{RequestRange: &pb.RangeRequest{Key: []byte(key)}}}
}

func writing(key string) *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestPut{RequestPut: &pb.PutRequest{Key: []byte(key)}}}
}

func nested(success ...*pb.RequestOp) *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestTxn{RequestTxn: &pb.TxnRequest{Success: success}}}
}

func TestATransactionThatReadsAndWritesIsAskedForFirst(t *testing.T) {
	type ops = []*pb.RequestOp
	for name, c := range map[string]struct {
		success, failure ops
		user             string
		asks             int // for so many reads
	}{
		"reads and writes":            {ops{writing("a"), reading("b")}, nil, "alice", 1},
		"a write or a read":           {ops{writing("a")}, ops{reading("b"), reading("c")}, "alice", 2},
		"nested":                      {ops{nested(reading("a"))}, ops{nested(nested(writing("b")), reading("c"))}, "alice", 2},
		"reads alone":                 {ops{reading("a")}, ops{nested(reading("b"))}, "alice", 0},
		"writes alone":                {ops{writing("a")}, ops{nested(writing("b"))}, "alice", 0},
		"nobody":                      {ops{writing("a"), reading("b")}, nil, "", 0},
		"nothing":                     {nil, nil, "alice", 0},
		"a write beside a nested get": {ops{nested(reading("a")), writing("b")}, nil, "alice", 1},
	} {
		refused := errors.New("refused")
		asked := 0
		tr := &requests{config: clientv3.Config{Username: c.user}, diagnosis: diagnose.New(diagnose.Config{})}
		err := tr.preflightTxnReads(t.Context(), "", &pb.TxnRequest{Success: c.success, Failure: c.failure}, nil,
			func(_ context.Context, _ string, req, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
				probe := req.(*pb.TxnRequest)
				if _, writes := split(nil, probe); writes || len(probe.GetCompare())+len(probe.GetSuccess()) > 0 {
					t.Errorf("%s: the question is %v, which does something", name, probe)
				}
				asked = len(probe.GetFailure())
				return refused
			})
		if asked != c.asks || errors.Is(err, refused) != (c.asks > 0) {
			t.Errorf("%s: asks for %d reads and returns %v, want %d", name, asked, err, c.asks)
		}
	}
}
