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

// leaseSeconds is how long the lease lives that tells clusters apart, where it
// cannot be revoked.
const leaseSeconds = 60

// notIntoItself refuses a mirror within one cluster whose copies would be copied
// again without end or, with --prune, whose source would be deleted. The clusters'
// IDs are the same.
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
		return fmt.Errorf("%w: whether source and destination are the same cluster cannot be told; without --prune it is taken from their endpoints", err)
	}
	return nil
}

// isOneCluster says whether source and destination are one cluster, through
// whatever members. Their ID does not tell: it is the same for clusters that were
// set up alike, as all those that have one member and no configuration. So the
// destination is given a lease, and the source asked for it. The endpoints tell,
// too, and alone where that fails.
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
	// A leader before etcd 3.6 may not have the lease yet.
	return lease.TTL > 0 || m.sameEndpoint(), nil
}

// sameEndpoint says whether an endpoint of the source is one of the
// destination's.
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
