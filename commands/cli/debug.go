package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"
	"google.golang.org/grpc/grpclog"

	"github.com/ectl-io/ectl/internal/visible"
)

// debugVerbosity is gRPC's log verbosity with --debug, as in etcdctl.
const debugVerbosity = 4

// startDebugLog writes the options with their origins to standard error, and directs the
// log of gRPC there. It hides the values of secrets.
func (f *Factory) startDebugLog() {
	stderr := proxyLogins(f.Streams.Environ).writer(visibleLines{f.said})
	f.Connection.DebugLog = f.said
	grpclog.SetLoggerV2(grpclog.NewLoggerV2WithVerbosity(stderr, stderr, stderr, debugVerbosity))
	f.globals.VisitAll(func(flag *pflag.Flag) {
		origin := ""
		if from := f.Origin(flag.Name); from != "" {
			origin = " (from " + from + ")"
		}
		fmt.Fprintf(stderr, "%s=%s%s\n", Variable(flag.Name), f.Connection.Shown(flag.Name, flag.Value.String()), origin)
	})
}

// visibleLines turns each write into one line of visible characters. gRPC logs one line
// per write, and servers control parts of its text.
type visibleLines struct{ to io.Writer }

func (w visibleLines) Write(p []byte) (int, error) {
	line := visible.Line(strings.TrimSuffix(string(p), "\n")) + "\n"
	if _, err := io.WriteString(w.to, line); err != nil {
		return 0, err
	}
	return len(p), nil
}
