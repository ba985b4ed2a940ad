package diagnose

import (
	"google.golang.org/grpc/status"
)

// plain is an error of gRPC without the prefix "rpc error: code = ... desc = ". Users
// have no use for the name of the code.
type plain struct{ err error }

// Plain returns the error of a request with the text of the server only. It returns
// other errors, and errors without a text, unchanged.
func Plain(err error) error {
	if s, ok := status.FromError(err); !ok || s == nil || s.Message() == "" {
		return err
	}
	return &plain{err}
}

func (e *plain) Error() string { return status.Convert(e.err).Message() }
func (e *plain) Unwrap() error { return e.err }

// GRPCStatus makes package status find the code and the text.
func (e *plain) GRPCStatus() *status.Status { return status.Convert(e.err) }
