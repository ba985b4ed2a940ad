package cli

import (
	"fmt"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/protobuf/proto"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/quantity"
)

// describeWithheld describes what a request that was not sent would do. It shows neither a
// password nor a value.
func describeWithheld(w etcd.Withheld) string {
	switch r := w.Request.(type) {
	case *pb.DeleteRangeRequest:
		if w.Keys < 0 { // the user may not read them
			return describeRequest(r)
		}
		return describeRequest(r) + ": " + quantity.Of(w.Keys, "key")
	case *pb.DefragmentRequest:
		return "defragment the member at " + w.Endpoint
	case *pb.TxnRequest:
		return describeTxn(r, w.Holds)
	}
	return describeRequest(w.Request)
}

// describeTxn describes the operations of a transaction that would be executed now.
func describeTxn(txn *pb.TxnRequest, holds bool) string {
	operations, when := txn.GetSuccess(), ""
	switch {
	case len(txn.GetCompare()) == 0:
	case holds:
		when = " (its conditions hold now)"
	default:
		operations, when = txn.GetFailure(), " (its conditions do not hold now)"
	}
	var parts []string
	for _, operation := range operations {
		switch {
		case operation.GetRequestPut() != nil:
			parts = append(parts, describeRequest(operation.GetRequestPut()))
		case operation.GetRequestDeleteRange() != nil:
			parts = append(parts, describeRequest(operation.GetRequestDeleteRange()))
		case operation.GetRequestTxn() != nil:
			parts = append(parts, describeRequest(operation.GetRequestTxn()))
		default:
			parts = append(parts, "get "+keysOf(operation.GetRequestRange().GetKey(), operation.GetRequestRange().GetRangeEnd()))
		}
	}
	if len(parts) == 0 {
		parts = []string{"nothing"}
	}
	return "transaction" + when + ": " + strings.Join(parts, "; ")
}

func keysOf(key, end []byte) string { return access.Range{Key: key, End: end}.String() }

// describeRequest describes what a request would do. It never shows a password.
func describeRequest(request proto.Message) string {
	if step, ok := stepOf(request); ok {
		return step.String()
	}
	switch r := request.(type) {
	case *pb.PutRequest:
		text := fmt.Sprintf("put %s, %s", keysOf(r.GetKey(), nil), quantity.Of(len(r.GetValue()), "byte"))
		if r.GetLease() != 0 {
			text += fmt.Sprintf(", with lease %x", r.GetLease())
		}
		return text
	case *pb.DeleteRangeRequest:
		return "delete " + keysOf(r.GetKey(), r.GetRangeEnd())
	case *pb.TxnRequest:
		return "a transaction"
	case *pb.CompactionRequest:
		return fmt.Sprintf("compact the history before revision %d", r.GetRevision())
	case *pb.LeaseGrantRequest:
		return fmt.Sprintf("grant a lease of %s", quantity.Of(r.GetTTL(), "second"))
	case *pb.LeaseRevokeRequest:
		return fmt.Sprintf("revoke lease %016x", r.GetID())
	case *pb.AlarmRequest:
		return fmt.Sprintf("disarm %s of member %x", r.GetAlarm(), r.GetMemberID())
	case *pb.MoveLeaderRequest:
		return fmt.Sprintf("transfer leadership to member %x", r.GetTargetID())
	case *pb.DowngradeRequest:
		if r.GetAction() == pb.DowngradeRequest_CANCEL {
			return "cancel the downgrade"
		}
		return "start a downgrade to version " + r.GetVersion()
	case *pb.AuthEnableRequest:
		return "enable authentication"
	case *pb.AuthDisableRequest:
		return "disable authentication"
	case *pb.MemberAddRequest:
		kind := "member"
		if r.GetIsLearner() {
			kind = "learner"
		}
		return fmt.Sprintf("add %s with the peer URLs %s", kind, strings.Join(r.GetPeerURLs(), ","))
	case *pb.MemberRemoveRequest:
		return fmt.Sprintf("remove member %x", r.GetID())
	case *pb.MemberUpdateRequest:
		return fmt.Sprintf("set the peer URLs of member %x to %s", r.GetID(), strings.Join(r.GetPeerURLs(), ","))
	case *pb.MemberPromoteRequest:
		return fmt.Sprintf("promote member %x", r.GetID())
	}
	return string(request.ProtoReflect().Descriptor().Name())
}
