// Command ectl administers etcd. Linked under the name etcdctl, it replaces etcdctl.
package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/ectl-io/ectl/commands"
	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/heap"
	"github.com/ectl-io/ectl/internal/iostreams"
	_ "github.com/ectl-io/ectl/internal/mainstack" // makes the start faster
)

func main() { os.Exit(int(run())) }

func run() exit.Code {
	crash.Install(&crash.Process{Err: os.Stderr, Exit: os.Exit})
	defer crash.Guard()
	streams := iostreams.System()
	var ctx context.Context
	ctx, streams.Signals = iostreams.Notify(context.Background())
	code := commands.Run(ctx, program(os.Args[0]), streams, heap.New(os.Getenv("GOGC")), os.Args[1:])
	if s := streams.Signals.Ended(); s != nil {
		die(s)
	}
	return code
}

// program returns the name by which the program was called, without the suffix .exe.
func program(arg0 string) string {
	return strings.TrimSuffix(filepath.Base(arg0), ".exe")
}
