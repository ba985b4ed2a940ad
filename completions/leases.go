package completions

import (
	"context"
	"strconv"

	"github.com/ectl-io/ectl/internal/etcd"
)

// Leases completes the IDs of leases.
func Leases(ctx context.Context, c *etcd.Client, r Request) (Candidates, error) {
	response, err := c.Leases(ctx)
	if err != nil {
		return Candidates{}, err
	}
	ids := make([]string, 0, len(response.Leases))
	for _, lease := range response.Leases {
		ids = append(ids, strconv.FormatInt(int64(lease.ID), 16))
	}
	return startingWith(ids, r.Word), nil
}
