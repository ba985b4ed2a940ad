package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/e2e/harness/testpki"
)

// The cluster of the measured completion, and its largest wanted wall clock.
const (
	tabUsers = 5000
	tabLimit = 100 // ms
)

// completing measures a Tab that lists many users: with the token of a login, and with a
// client certificate.
func (b *bench) completing(ctx context.Context) error {
	if err := b.completingWith(ctx, "token", etcdserver.Options{}); err != nil {
		return fmt.Errorf("with a token: %w", err)
	}
	dir, err := os.MkdirTemp("", "ectl-bench-certificates-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	authority, err := testpki.NewAuthority(dir, "ca")
	if err != nil {
		return err
	}
	root, err := authority.Client("root", "root")
	if err != nil {
		return err
	}
	if err := b.completingWith(ctx, "certificate", etcdserver.Options{TLS: authority, ClientCertAuth: true},
		"ETCDCTL_CACERT="+authority.CertFile(), "ETCDCTL_CERT="+root.CertFile, "ETCDCTL_KEY="+root.KeyFile,
	); err != nil {
		return fmt.Errorf("with a certificate: %w", err)
	}
	return nil
}

// completingWith measures the completion on a server with the options and many users.
// identity names what identifies root: the variables environ, or the token of a login if
// there are none. etcdctl completes only commands and options, so its completion of a
// command is shown beside it.
func (b *bench) completingWith(ctx context.Context, identity string, options etcdserver.Options, environ ...string) error {
	say("completion of %d users with a %s", tabUsers, identity)
	options.RootPassword = applyRoot
	server, m, err := b.start(ctx, options, environ...)
	if err != nil {
		return err
	}
	defer server.Stop()
	var names []string
	for i := range tabUsers {
		names = append(names, fmt.Sprintf("user%d", i))
	}
	if err := server.PlantUsers(ctx, names); err != nil {
		return err
	}
	if len(environ) == 0 {
		if _, err := m.run(ctx, []string{b.ectl, "login", "--user", "root:" + applyRoot}); err != nil {
			return err
		}
	}
	ours, theirs, err := b.beside(ctx, m, b.starts, []string{"__complete", "user", "get", ""}, []string{"__complete", "user", ""})
	if err != nil {
		return err
	}
	b.report.rows = append(b.report.rows, row{
		task:     fmt.Sprintf("__complete user get, %d users, %s", tabUsers, identity),
		quantity: "wall (etcdctl, commands only)", ours: round(ours.wall).String(), theirs: round(theirs.wall).String(),
		ratio: ratio(ours.wall, theirs.wall), target: tabLimit, targetUnit: "ms", measuredForTarget: float64(ours.wall) / float64(time.Millisecond),
	})
	return nil
}
