package snapshot

import (
	"errors"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/status"
)

// serverError is the server's own words for an error of a stream, which the
// client library leaves in gRPC's.
func serverError(err error) error {
	var coded interface{ GRPCStatus() *status.Status }
	if errors.As(err, &coded) {
		return rpctypes.Error(err)
	}
	return err
}
