package response

import (
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/protobuf/proto"

	"github.com/ectl-io/ectl/internal/quantity"
)

// maxTTL is the longest TTL that a server grants to a lease, in seconds. It fits into a
// time.Duration.
const maxTTL = 9_000_000_000

const (
	methodGrant      = "LeaseGrant"
	methodTimeToLive = "LeaseTimeToLive"
	methodKeepAlive  = "LeaseKeepAlive"
)

func checkGrant(request proto.Message, r *pb.LeaseGrantResponse) error {
	q, _ := request.(*pb.LeaseGrantRequest)
	if err := checkHeader(methodGrant, r); err != nil {
		return err
	}
	switch {
	case r.GetID() == 0, q.GetID() == 0 && r.GetID() < 0, q.GetID() != 0 && r.GetID() != q.GetID():
		return faultf(methodGrant, "has the lease %x instead of %x", r.GetID(), q.GetID())
	case r.GetTTL() <= 0 || r.GetTTL() > maxTTL:
		return faultf(methodGrant, "has a lease that lives for %s", quantity.Of(r.GetTTL(), "second"))
	}
	return nil
}

func checkTimeToLive(request proto.Message, r *pb.LeaseTimeToLiveResponse) error {
	q, _ := request.(*pb.LeaseTimeToLiveRequest)
	if err := checkHeader(methodTimeToLive, r); err != nil {
		return err
	}
	switch {
	case q != nil && r.GetID() != q.GetID():
		return faultf(methodTimeToLive, "is about the lease %x instead of %x", r.GetID(), q.GetID())
	case r.GetTTL() > maxTTL || r.GetGrantedTTL() > maxTTL:
		return faultf(methodTimeToLive, "has a lease that lives for %s", quantity.Of(max(r.GetTTL(), r.GetGrantedTTL()), "second"))
	}
	return nil
}

func checkKeepAlive(request proto.Message, r *pb.LeaseKeepAliveResponse) error {
	q, _ := request.(*pb.LeaseKeepAliveRequest)
	if err := checkHeader(methodKeepAlive, r); err != nil {
		return err
	}
	switch {
	case q != nil && r.GetID() != q.GetID():
		return faultf(methodKeepAlive, "is about the lease %x instead of %x", r.GetID(), q.GetID())
	case r.GetTTL() > maxTTL:
		return faultf(methodKeepAlive, "has a lease that lives for %s", quantity.Of(r.GetTTL(), "second"))
	}
	return nil
}
