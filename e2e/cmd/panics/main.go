// Command panics asks for a password as ectl does, and panics meanwhile, when it
// gets SIGUSR1. ectl has no panic to offer to the test of what happens then.
//
// The argument names the goroutine: main, goroutine, or timer for one that a timer
// begins. With a second argument the trace is shown.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/prompt"
)

func main() {
	crash.Install(&crash.Process{Err: os.Stderr, Exit: os.Exit})
	defer crash.Guard()
	if len(os.Args) > 2 {
		crash.Trace()
	}
	now := make(chan os.Signal, 1)
	signal.Notify(now, syscall.SIGUSR1)
	asking := prompt.New(iostreams.System())
	ask := func() { _, _ = asking.Secret(context.Background(), "Password: ") }
	var none []string
	fail := func() { _ = none[len(os.Args)] }
	switch os.Args[1] {
	case "main":
		crash.Go(ask)
		<-now
		fail()
	case "goroutine":
		crash.Go(func() {
			<-now
			fail()
		})
	case "timer":
		crash.Go(func() {
			<-now
			time.AfterFunc(0, crash.Guarded(fail))
		})
	}
	ask()
}
