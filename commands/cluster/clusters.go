package cluster

import (
	"fmt"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/exit"
)

// clusters collects the endpoints of each cluster that answers.
type clusters struct {
	ids       []uint64
	endpoints map[uint64][]string
}

// add records that endpoint has answered with the header. A failed request has none.
func (c *clusters) add(endpoint string, header *pb.ResponseHeader) {
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

// String names the clusters and their endpoints.
func (c *clusters) String() string {
	var parts []string
	for _, id := range c.ids {
		parts = append(parts, fmt.Sprintf("%x (%s)", id, strings.Join(c.endpoints[id], ", ")))
	}
	return fmt.Sprintf("the endpoints belong to %d clusters: %s", len(c.ids), strings.Join(parts, ", "))
}

// warn warns if the endpoints belong to several clusters.
func (c *clusters) warn(f *cli.Factory) {
	if len(c.ids) > 1 {
		f.Warn(c.String())
	}
}

// refuse returns an error if the endpoints belong to several clusters, so that the one
// to change is unknown.
func (c *clusters) refuse() error {
	if len(c.ids) > 1 {
		return exit.BadArgsf("%s; give those of one cluster", c)
	}
	return nil
}
