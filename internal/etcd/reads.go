package etcd

import (
	"context"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"

	"github.com/ectl-io/ectl/internal/etcd/diagnose"
)

// preflightTxnReads checks that the user may read what a transaction reads, if the
// transaction also writes. Servers older than 3.7 drop these reads on all members except
// the one that receives the request. They drop them before they check permissions. So
// the receiving member may refuse a transaction that the others apply, and the data of
// the members then differs.
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
	// The server checks the permissions of both branches. Without conditions, it does
	// not execute this one.
	asked, sent := &pb.TxnRequest{Failure: reads}, time.Now()
	err := diagnose.Plain(invoker(ctx, method, asked, &pb.TxnResponse{}, cc, opts...))
	r.diagnosis.Remember(diagnose.Request{Method: method, Message: asked, Conn: cc, Sent: sent}, err)
	return err
}

// identified reports whether the client sends an identity to the server: a user, a token
// or a certificate.
func (r *requests) identified() bool {
	c := &r.config
	return c.Username != "" || c.Token != "" || c.TLS != nil && (len(c.TLS.Certificates) > 0 || c.TLS.GetClientCertificate != nil)
}

// split appends the reads of a transaction to reads, and reports whether the transaction
// also writes.
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
