package cli

import (
	"fmt"

	"github.com/spf13/pflag"
	"google.golang.org/grpc/grpclog"

	"github.com/ectl-io/ectl/internal/etcd"
)

// debugVerbosity is gRPC's verbosity of --debug, as etcdctl sets it.
const debugVerbosity = 4

// startDebugLog writes the options to standard error and lets gRPC write its
// log there. Secrets are only said to be there.
func (f *Factory) startDebugLog() {
	stderr := f.Streams.Err
	grpclog.SetLoggerV2(grpclog.NewLoggerV2WithVerbosity(stderr, stderr, stderr, debugVerbosity))
	f.globals.VisitAll(func(flag *pflag.Flag) {
		value := flag.Value.String()
		if value != "" && etcd.Secret(flag.Name) {
			value = "(set)"
		}
		fmt.Fprintf(stderr, "%s=%s\n", Variable(flag.Name), value)
	})
}
