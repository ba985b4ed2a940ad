package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"
	"google.golang.org/grpc/grpclog"

	"github.com/ectl-io/ectl/internal/visible"
)

// debugVerbosity is gRPC's verbosity of --debug, as etcdctl sets it.
const debugVerbosity = 4

// startDebugLog writes the options to standard error and lets gRPC write its
// log there. Secrets are only said to be there.
func (f *Factory) startDebugLog() {
	stderr := proxyLogins(f.Streams.Environ).writer(visibleLines{f.said})
	f.Connection.DebugLog = f.said
	grpclog.SetLoggerV2(grpclog.NewLoggerV2WithVerbosity(stderr, stderr, stderr, debugVerbosity))
	f.globals.VisitAll(func(flag *pflag.Flag) {
		fmt.Fprintf(stderr, "%s=%s\n", Variable(flag.Name), f.Connection.Shown(flag.Name, flag.Value.String()))
	})
}

// visibleLines makes each write one visible line: gRPC's log writes a line at a
// time, and servers put into it what they like.
type visibleLines struct{ to io.Writer }

func (w visibleLines) Write(p []byte) (int, error) {
	line := visible.Line(strings.TrimSuffix(string(p), "\n")) + "\n"
	if _, err := io.WriteString(w.to, line); err != nil {
		return 0, err
	}
	return len(p), nil
}
