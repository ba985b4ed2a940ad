// Command panics prompts for a password as ectl does, and panics at the prompt when it
// receives SIGUSR1. It exists because ectl itself has no panic that a test could cause.
//
// The argument names the goroutine: main, goroutine, or timer for one that a timer
// starts. A second argument turns the trace on.
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
