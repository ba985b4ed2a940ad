// Command ectl administers etcd. Linked as etcdctl it stands in for it.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/ectl-io/ectl/commands"
	"github.com/ectl-io/ectl/internal/iostreams"
)

func main() {
	ctx, interrupted := notify()
	code := commands.Run(ctx, program(os.Args[0]), iostreams.System(), os.Args[1:])
	if s := interrupted(); s != nil {
		die(s)
	}
	os.Exit(int(code))
}

// program is the name that the program was called by, without what an
// operating system adds to it.
func program(arg0 string) string {
	return strings.TrimSuffix(filepath.Base(arg0), ".exe")
}

var errInterrupted = errors.New("interrupted")

// notify returns a context that ends on SIGINT and SIGTERM, and a function
// that returns the signal which ended it.
func notify() (context.Context, func() os.Signal) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	received := make(chan os.Signal, 1)
	go func() {
		s := <-signals
		// A second signal ends a program that does not end by itself.
		signal.Reset(os.Interrupt, syscall.SIGTERM)
		received <- s
		cancel(errInterrupted)
	}()
	return ctx, func() os.Signal {
		select {
		case s := <-received:
			return s
		default:
			return nil
		}
	}
}
