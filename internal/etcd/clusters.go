package etcd

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/exit"
)

// Clusters collects the endpoints of each cluster that answers.
type Clusters struct {
	ids       []uint64
	endpoints map[uint64][]string
}

// Add records that endpoint has answered with the header. A failed request has none.
func (c *Clusters) Add(endpoint string, header *pb.ResponseHeader) {
	id := header.GetClusterId()
	if id == 0 {
		return
	}
	if c.endpoints == nil {
		c.endpoints = map[uint64][]string{}
	}
	if c.endpoints[id] == nil {
		c.ids = append(c.ids, id)
	}
	c.endpoints[id] = append(c.endpoints[id], endpoint)
}

// Several reports whether the endpoints belong to several clusters.
func (c *Clusters) Several() bool { return len(c.ids) > 1 }

// String names the clusters and their endpoints.
func (c *Clusters) String() string {
	var parts []string
	for _, id := range c.ids {
		parts = append(parts, fmt.Sprintf("%x (%s)", id, strings.Join(c.endpoints[id], ", ")))
	}
	return fmt.Sprintf("the endpoints belong to %d clusters: %s", len(c.ids), strings.Join(parts, ", "))
}

// Refuse returns an error if the endpoints belong to several clusters, so that the one
// to change is unknown.
func (c *Clusters) Refuse() error {
	if c.Several() {
		return exit.BadArgsf("%s; give those of one cluster", c)
	}
	return nil
}

// clustersTimeout limits the requests for the clusters of endpoints. An endpoint that does
// not answer within this time is not compared.
const clustersTimeout = time.Second

// Clusters asks each endpoint of the client for its cluster, all at once and without a
// login. It asks none if there is only one.
func (c *Client) Clusters(ctx context.Context) *Clusters { return c.requests.clusters(ctx) }

func (r *requests) clusters(ctx context.Context) *Clusters {
	found := &Clusters{}
	if len(r.config.Endpoints) < 2 {
		return found
	}
	ctx, cancel := context.WithTimeout(ctx, clustersTimeout)
	defer cancel()
	headers := make([]*pb.ResponseHeader, len(r.config.Endpoints))
	asking, _ := crash.NewGroup(ctx, len(headers))
	for i, endpoint := range r.config.Endpoints {
		asking.Start(func() error {
			headers[i] = r.headerOf(ctx, endpoint)
			return nil
		})
	}
	_ = asking.Wait()
	for i, endpoint := range r.config.Endpoints {
		found.Add(endpoint, headers[i])
	}
	return found
}

// headerOf returns the header of an endpoint's status, or nil if it does not answer. It
// does not wait for an endpoint that refuses connections.
func (r *requests) headerOf(ctx context.Context, endpoint string) *pb.ResponseHeader {
	address := diagnose.Address(endpoint)
	if address == "" {
		return nil
	}
	transport := insecure.NewCredentials()
	if config := tlsOf(&r.config); config != nil {
		transport = credentials.NewTLS(config)
	}
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(transport))
	if err != nil {
		return nil
	}
	defer func() { _ = conn.Close() }()
	status, err := pb.NewMaintenanceClient(conn).Status(ctx, &pb.StatusRequest{})
	if err != nil {
		return nil
	}
	return status.GetHeader()
}

// clusterCheck is the check of a client that its endpoints belong to one cluster.
type clusterCheck struct {
	once sync.Once
	err  error
}

// refuseSeveralClusters returns an error if a request would change users, roles or members
// and the client's endpoints belong to several clusters. The first such request decides.
func (r *requests) refuseSeveralClusters(ctx context.Context, method string, request any) error {
	administers := strings.HasPrefix(method, "/etcdserverpb.Auth/") || strings.HasPrefix(method, "/etcdserverpb.Cluster/")
	if len(r.config.Endpoints) < 2 || !administers || method == authenticate || !diagnose.Writes(method, request) {
		return nil
	}
	r.clusterCheck.once.Do(func() { r.clusterCheck.err = r.clusters(ctx).Refuse() })
	return r.clusterCheck.err
}
