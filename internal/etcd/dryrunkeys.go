package etcd

import (
	"context"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc"

	"github.com/ectl-io/ectl/internal/retry"
)

// ask asks the server whether it would refuse a request on keys, and what the request would
// hit now. ctx marks the questions.
func (w *Withheld) ask(ctx context.Context, cc *grpc.ClientConn) error {
	kv := pb.NewKVClient(cc)
	switch r := w.Request.(type) {
	case *pb.PutRequest:
		return isPermitted(ctx, kv, &pb.RequestOp{Request: &pb.RequestOp_RequestPut{RequestPut: r}})
	case *pb.DeleteRangeRequest:
		if err := isPermitted(ctx, kv, &pb.RequestOp{Request: &pb.RequestOp_RequestDeleteRange{RequestDeleteRange: r}}); err != nil {
			return err
		}
		counted, err := kv.Range(ctx, &pb.RangeRequest{Key: r.GetKey(), RangeEnd: r.GetRangeEnd(), CountOnly: true})
		w.Keys = counted.GetCount()
		return readable(err, func() { w.Keys = unknownCount })
	case *pb.TxnRequest:
		inner := &pb.TxnRequest{Success: r.GetSuccess(), Failure: r.GetFailure()}
		if err := isPermitted(ctx, kv, &pb.RequestOp{Request: &pb.RequestOp_RequestTxn{RequestTxn: inner}}); err != nil {
			return err
		}
		compared, err := kv.Txn(ctx, &pb.TxnRequest{Compare: r.GetCompare()})
		w.Holds = compared.GetSucceeded()
		return err
	case *pb.CompactionRequest:
		_, err := kv.Range(ctx, &pb.RangeRequest{Key: []byte{0}, Revision: r.GetRevision(), CountOnly: true})
		return readable(err, func() {})
	}
	return nil
}

// unknownCount is the number of keys of a range that the user may write and not read.
const unknownCount = -1

// readable returns err, unless the user may not read the keys. It calls denied then.
func readable(err error, denied func()) error {
	if retry.Is(rpctypes.Error(err), retry.Denied) {
		denied()
		return nil
	}
	return err
}

// isPermitted returns the error with which the server would refuse the operation. A
// transaction without conditions does not execute its failure branch, but the server checks
// it.
func isPermitted(ctx context.Context, kv pb.KVClient, operation *pb.RequestOp) error {
	_, err := kv.Txn(ctx, &pb.TxnRequest{Failure: []*pb.RequestOp{operation}})
	return err
}

// completeTxn fills the reply of a transaction with a response for each operation.
func completeTxn(txn *pb.TxnRequest, holds bool, reply any) {
	response, ok := reply.(*pb.TxnResponse)
	if !ok {
		return
	}
	response.Succeeded = holds
	operations := txn.GetFailure()
	if holds {
		operations = txn.GetSuccess()
	}
	for _, operation := range operations {
		var one pb.ResponseOp
		switch {
		case operation.GetRequestPut() != nil:
			one.Response = &pb.ResponseOp_ResponsePut{ResponsePut: &pb.PutResponse{}}
		case operation.GetRequestDeleteRange() != nil:
			one.Response = &pb.ResponseOp_ResponseDeleteRange{ResponseDeleteRange: &pb.DeleteRangeResponse{}}
		case operation.GetRequestTxn() != nil:
			inner := &pb.TxnResponse{}
			completeTxn(operation.GetRequestTxn(), true, inner)
			one.Response = &pb.ResponseOp_ResponseTxn{ResponseTxn: inner}
		default:
			one.Response = &pb.ResponseOp_ResponseRange{ResponseRange: &pb.RangeResponse{}}
		}
		response.Responses = append(response.Responses, &one)
	}
}
