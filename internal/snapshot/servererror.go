package snapshot

import (
	"errors"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/status"
)

// serverError returns the server's own text of an error of a stream. The client library
// leaves it wrapped in gRPC's text.
func serverError(err error) error {
	var coded interface{ GRPCStatus() *status.Status }
	if errors.As(err, &coded) {
		return rpctypes.Error(err)
	}
	return err
}
