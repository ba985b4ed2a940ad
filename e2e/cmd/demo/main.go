// Demo shows what ectl adds to etcdctl. It starts a throwaway etcd on free loopback ports,
// prints each command line of package tour with its real output, and removes everything
// again.
//
// On a terminal it then starts a shell, with ectl on the PATH and the environment set to
// that server. An interrupt, a hang-up or a termination ends it at any time, and it
// leaves nothing behind.
//
//	demo [-ectl bin/ectl]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"golang.org/x/term"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/e2e/tour"
)

func main() {
	ectl := flag.String("ectl", filepath.Join("bin", "ectl"), "the ectl `program` to show")
	flag.Parse()

	// If the reader of the output ends (demo | head), the server's data must go too.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	err := demo(ctx, *ectl)
	stop()
	switch {
	case err == nil:
		fmt.Println("\nThe server is stopped and its data removed.")
	case ctx.Err() != nil:
		fmt.Println("\ninterrupted: the server is stopped and its data removed")
		os.Exit(130)
	default:
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// demo shows the program and leaves nothing behind, whatever way it ends.
func demo(ctx context.Context, ectl string) (err error) {
	s, err := tour.Start(ctx, ectl)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()

	fmt.Printf("A throwaway etcd %s listens on %s.\nIts data and the files of this demo are removed at the end.\n", etcdserver.Latest, s.Server.Endpoint())
	for _, step := range tour.Steps() {
		if err := show(ctx, s, step); err != nil {
			return err
		}
	}
	fmt.Printf("\nThe page is %s: open it in a browser.\n", filepath.Join(s.Home, tour.Page))
	if term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd())) {
		return shell(ctx, s)
	}
	return nil
}

// show prints the command line of a step and runs it.
func show(ctx context.Context, s *tour.Session, step tour.Step) error {
	fmt.Println()
	if step.Says != "" {
		fmt.Println("# " + step.Says)
	}
	fmt.Println("$ " + step.Line)

	cmd := s.Command(ctx, step)
	// Both streams go to the terminal, in the order they were written.
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
	err := cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if step.Status != 0 {
		fmt.Printf("(exit status %d)\n", cmd.ProcessState.ExitCode())
	}
	return s.Done(step, err)
}
