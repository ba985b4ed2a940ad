// Demo shows ectl's main tasks. It starts a throwaway etcd on free loopback ports, prints
// each ectl command line and its real output, and removes everything again.
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
)

func main() {
	ectl := flag.String("ectl", filepath.Join("bin", "ectl"), "the ectl `program` to show")
	flag.Parse()

	// A reader who goes away (demo | head) is no reason to leave the server's
	// data behind either.
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
	binary, err := filepath.Abs(ectl)
	if err != nil {
		return err
	}
	if _, err := os.Stat(binary); err != nil {
		return fmt.Errorf("ectl is not built: %w", err)
	}
	dir, err := os.MkdirTemp("", "ectl-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	server, err := etcdserver.Start(ctx, etcdserver.Options{Dir: dir})
	if err != nil {
		return err
	}
	defer server.Stop()

	s, err := newSession(binary, dir, server.Endpoint())
	if err != nil {
		return err
	}
	fmt.Printf("A throwaway etcd %s listens on %s.\nIts data is in %s and goes when this ends.\n", etcdserver.Latest, server.Endpoint(), dir)
	if err := s.mainJob(ctx); err != nil {
		return err
	}
	if term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd())) {
		return s.shell(ctx)
	}
	return nil
}
