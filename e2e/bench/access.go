package main

import (
	"context"
	"fmt"
	"sync"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// Who is asked about: each user has two roles, each role a prefix of its own and
// one that it shares with others.
const (
	askedUsers  = 2000
	askedRoles  = 400
	sharedParts = 20
)

const (
	askingTarget = 1.5 // largest ratio of wall clock to the bare requests'
	askingLimit  = 150 // MiB
)

// asking measures the questions of "rbac" over many users and roles, beside a
// program that sends the bare requests that read these.
func (b *bench) asking(ctx context.Context) error {
	server, m, err := b.start(ctx, etcdserver.Options{}, "ETCDCTL_USER=root:"+applyRoot)
	if err != nil {
		return err
	}
	defer server.Stop()
	say("making %d users and %d roles", askedUsers, askedRoles)
	if err := addAsked(ctx, server); err != nil {
		return fmt.Errorf("make users and roles: %w", err)
	}
	everybody := []string{b.bare, "-access", server.Endpoint(), applyRoot}
	for _, c := range []struct {
		task string
		argv []string
		bare []string
	}{
		{"can-i", []string{"can-i", "readwrite", "/app7/", "--prefix", "--as", "user7"}, append(everybody, "user7")},
		{"who-can", []string{"who-can", "read", "/shared7/x"}, everybody},
		{"matrix", []string{"matrix"}, everybody},
		{"matrix -w csv", []string{"matrix", "-w", "csv"}, everybody},
		{"matrix -w html", []string{"matrix", "-w", "html"}, everybody},
	} {
		task := "rbac " + c.task
		say("%s", task)
		median, err := m.alternate(ctx, max(b.runs, 5), candidate{name: "ectl", argv: append([]string{b.ectl, "rbac"}, c.argv...)}, candidate{name: "bare", argv: c.bare})
		if err != nil {
			return err
		}
		ours, least := median["ectl"], median["bare"]
		b.report.compare(task, "wall (bare requests)", round(ours.wall), round(least.wall), ratio(ours.wall, least.wall), askingTarget)
		b.report.limit(task, "peak memory (bare requests)", size(ours.memory), size(least.memory), askingLimit, "MiB", 1<<20)
	}
	return nil
}

// addAsked makes the users and roles, and enables authentication.
func addAsked(ctx context.Context, server *etcdserver.Server) error {
	client, err := server.Client("", "")
	if err != nil {
		return err
	}
	defer client.Close()
	role := func(i int) string { return fmt.Sprintf("role%d", i%askedRoles) }
	grant := func(role, prefix string) error {
		_, err := client.RoleGrantPermission(ctx, role, prefix, clientv3.GetPrefixRangeEnd(prefix), clientv3.PermissionType(clientv3.PermReadWrite))
		return err
	}
	if err := inParallel(askedRoles, func(i int) error {
		if _, err := client.RoleAdd(ctx, role(i)); err != nil {
			return err
		}
		if err := grant(role(i), fmt.Sprintf("/app%d/", i)); err != nil {
			return err
		}
		return grant(role(i), fmt.Sprintf("/shared%d/", i%sharedParts))
	}); err != nil {
		return err
	}
	if err := inParallel(askedUsers, func(i int) error {
		user := fmt.Sprintf("user%d", i)
		if _, err := client.UserAddWithOptions(ctx, user, "", &clientv3.UserAddOptions{NoPassword: true}); err != nil {
			return err
		}
		if _, err := client.UserGrantRole(ctx, user, role(i)); err != nil {
			return err
		}
		_, err := client.UserGrantRole(ctx, user, role(i*7+1))
		return err
	}); err != nil {
		return err
	}
	if _, err := client.UserAdd(ctx, "root", applyRoot); err != nil {
		return err
	}
	if _, err := client.RoleAdd(ctx, "root"); err != nil {
		return err
	}
	if _, err := client.UserGrantRole(ctx, "root", "root"); err != nil {
		return err
	}
	_, err = client.AuthEnable(ctx)
	return err
}

// inParallel calls do for 0 to n-1, writers of them at a time, and returns an
// error of one.
func inParallel(n int, do func(i int) error) error {
	var wait sync.WaitGroup
	next, failed := make(chan int), make(chan error, writers)
	for range writers {
		wait.Go(func() {
			var failure error
			for i := range next {
				if failure == nil {
					failure = do(i)
				}
			}
			if failure != nil {
				failed <- failure
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wait.Wait()
	close(failed)
	return <-failed
}
