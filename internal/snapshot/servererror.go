package snapshot

import (
	"errors"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/status"
)

// serverError returns the error of a stream with only the server's text, without gRPC's.
// The client library does not remove that text from errors of streams.
func serverError(err error) error {
	var coded interface{ GRPCStatus() *status.Status }
	if errors.As(err, &coded) {
		return rpctypes.Error(err)
	}
	return err
}
