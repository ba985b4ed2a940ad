package etcd

import (
	"context"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"
)

// preflightTxnReads asks whether the user may read what a transaction reads, if it also
// writes. Servers before 3.7 drop the reads of a transaction on all members but
// the one that was asked, before they look who may read: what that one refuses
// the others carry out, and the data of the members differs from then on.
func (r *requests) preflightTxnReads(ctx context.Context, method string, req any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	request, ok := req.(*pb.TxnRequest)
	if !ok || !r.identified() {
		return nil
	}
	reads, writes := split(nil, request)
	if len(reads) == 0 || !writes {
		return nil
	}
	r.count.Add(1)
	// Both branches are checked, and without conditions this one is not executed.
	return invoker(ctx, method, &pb.TxnRequest{Failure: reads}, &pb.TxnResponse{}, cc, opts...)
}

// identified says whether the client tells the server who its user is.
func (r *requests) identified() bool {
	c := &r.config
	return c.Username != "" || c.Token != "" || c.TLS != nil && (len(c.TLS.Certificates) > 0 || c.TLS.GetClientCertificate != nil)
}

// split adds the reads of a transaction to reads, and says whether it has others.
func split(reads []*pb.RequestOp, txn *pb.TxnRequest) (all []*pb.RequestOp, writes bool) {
	for _, branch := range [][]*pb.RequestOp{txn.GetSuccess(), txn.GetFailure()} {
		for _, op := range branch {
			switch {
			case op.GetRequestRange() != nil:
				reads = append(reads, op)
			case op.GetRequestTxn() != nil:
				var more bool
				reads, more = split(reads, op.GetRequestTxn())
				writes = writes || more
			default:
				writes = true
			}
		}
	}
	return reads, writes
}
