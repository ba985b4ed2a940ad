package e2e

import (
	"context"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// grantLease grants a lease of a chosen ID, so that two servers have the same.
// The client library always lets the server choose.
func grantLease(ctx context.Context, client *clientv3.Client, id, ttl int64) error {
	_, err := pb.NewLeaseClient(client.ActiveConnection()).LeaseGrant(ctx, &pb.LeaseGrantRequest{ID: id, TTL: ttl})
	return err
}
