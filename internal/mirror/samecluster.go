package mirror

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/exit"
)

// leaseSeconds is the TTL of the lease that isOneCluster creates, in seconds. It matters
// only if the lease cannot be revoked.
const leaseSeconds = 60

// notIntoItself refuses a mirror within one cluster if it would copy its own copies
// indefinitely or, with Prune, delete the keys to copy. It is called if the cluster IDs
// are equal.
func (m *mirror) notIntoItself(ctx context.Context) error {
	var harm string
	switch {
	case m.rename.endless():
		harm = "the copies would be copied again without end; give another destination, or a --dest-prefix outside of --prefix"
	case m.Prune && strings.HasPrefix(m.rename.from, m.rename.to):
		harm = "--prune would delete the keys to copy, which are among those of the destination; give another destination, or a --dest-prefix outside of --prefix"
	default:
		return nil
	}
	same, err := m.isOneCluster(ctx)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case same:
		return exit.BadArgsf("source and destination are the same cluster, and %s", harm)
	case err != nil && m.Prune:
		return fmt.Errorf("%w: cannot determine whether source and destination are the same cluster; without --prune, their endpoints are compared", err)
	}
	return nil
}

// isOneCluster reports whether source and destination are the same cluster, even through
// different members. Equal IDs do not prove it, because clusters with the same initial
// configuration share an ID. So isOneCluster creates a lease on the destination and
// queries the source for it. A shared endpoint also proves it. If a lease request fails,
// only the endpoints are compared.
func (m *mirror) isOneCluster(ctx context.Context) (bool, error) {
	timed, cancel := m.timed(ctx)
	defer cancel()
	var random [8]byte
	_, _ = rand.Read(random[:]) // it never fails
	id := int64(binary.BigEndian.Uint64(random[:])>>1 | 1)
	lessor := pb.NewLeaseClient(m.Destination.ActiveConnection())
	_, err := lessor.LeaseGrant(timed, &pb.LeaseGrantRequest{ID: id, TTL: leaseSeconds})
	if err != nil {
		return m.sameEndpoint(), m.Destination.Explain(ctx, err)
	}
	defer func() {
		timed, cancel := m.timed(context.WithoutCancel(ctx))
		defer cancel()
		_, _ = lessor.LeaseRevoke(timed, &pb.LeaseRevokeRequest{ID: id})
	}()
	lease, err := m.Source.TimeToLive(timed, clientv3.LeaseID(id))
	if err != nil {
		return m.sameEndpoint(), m.Source.Explain(ctx, err)
	}
	// A leader older than etcd 3.6 may not have the lease yet.
	return lease.TTL > 0 || m.sameEndpoint(), nil
}

// sameEndpoint reports whether source and destination share an endpoint.
func (m *mirror) sameEndpoint() bool {
	hostPort := func(endpoint string) string {
		_, after, found := strings.Cut(endpoint, "://")
		if !found {
			after = endpoint
		}
		return strings.Replace(strings.TrimSuffix(after, "/"), "localhost:", "127.0.0.1:", 1)
	}
	return slices.ContainsFunc(m.Destination.Endpoints(), func(d string) bool {
		return slices.ContainsFunc(m.Source.Endpoints(), func(s string) bool { return hostPort(s) == hostPort(d) })
	})
}
