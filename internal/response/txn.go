package response

import (
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/protobuf/proto"

	"github.com/ectl-io/ectl/internal/quantity"
)

const methodTxn = "Txn"

func checkTxn(request proto.Message, r *pb.TxnResponse) error {
	if err := checkRevision(methodTxn, r); err != nil {
		return err
	}
	if q, ok := request.(*pb.TxnRequest); ok {
		return checkParts(q, r, r.GetHeader().GetRevision())
	}
	return nil
}

// checkParts checks the parts of a transaction against the operations of the executed
// branch. newest is the revision of the store after the transaction. The headers of the
// parts are incomplete, and some servers omit them.
func checkParts(q *pb.TxnRequest, r *pb.TxnResponse, newest int64) error {
	operations := q.GetFailure()
	if r.GetSucceeded() {
		operations = q.GetSuccess()
	}
	parts := r.GetResponses()
	if len(parts) != len(operations) {
		return faultf(methodTxn, "has %s for %s", quantity.Of(len(parts), "part"), quantity.Of(len(operations), "operation"))
	}
	for i, operation := range operations {
		if err := checkPart(i+1, operation, parts[i], newest); err != nil {
			return err
		}
	}
	return nil
}

func checkPart(nth int, operation *pb.RequestOp, part *pb.ResponseOp, newest int64) error {
	var fits bool
	var err error
	switch q := operation.GetRequest().(type) {
	case *pb.RequestOp_RequestRange:
		if r := part.GetResponseRange(); r != nil {
			fits, err = true, checkListing(q.RequestRange, r, newest)
		}
	case *pb.RequestOp_RequestPut:
		if r := part.GetResponsePut(); r != nil {
			fits, err = true, checkPrevious(q.RequestPut, r)
		}
	case *pb.RequestOp_RequestDeleteRange:
		if r := part.GetResponseDeleteRange(); r != nil {
			fits, err = true, checkDeleted(q.RequestDeleteRange, r)
		}
	case *pb.RequestOp_RequestTxn:
		if r := part.GetResponseTxn(); r != nil {
			fits, err = true, checkParts(q.RequestTxn, r, newest)
		}
	}
	if !fits {
		return faultf(methodTxn, "has another kind of part %d than was requested", nth)
	}
	return err
}
