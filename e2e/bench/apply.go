package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// The policy that is applied: as many grants and memberships as users.
const (
	appliedUsers = 1000
	appliedRoles = 200
	appliedSteps = appliedUsers*3 + appliedRoles

	// sampledCalls is how many of the calls of etcdctl are measured.
	sampledCalls = 50

	applyRoot = "rootpw"
)

// The largest ratios that are wanted of the apply to single calls of etcdctl,
// of the apply to the bare requests, and of the same apply again to the first.
const (
	applyCallsTarget = 0.035
	applyBareTarget  = 1.2
	applyAgainTarget = 0.1
)

// applying measures the apply of a large policy with authentication on, beside
// the same changes by single calls of etcdctl, of which a sample is measured
// and scaled, and beside a program that sends the bare requests, 16 at a time.
// Each run has a server of its own: the server's cost of a change grows with
// its users.
func (b *bench) applying(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "ectl-bench-policy-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "policy.yaml")
	if err := os.WriteFile(file, []byte(largePolicy()), 0o600); err != nil {
		return err
	}
	var first, again, bare, calls []usage
	for i := range b.runs {
		say("apply of %d changes, run %d", appliedSteps, i+1)
		runs := []struct {
			to   *[]usage
			argv []string
		}{
			{&first, []string{b.ectl, "rbac", "apply", "--quiet", "--yes", "-f", file}},
			{&again, []string{b.ectl, "rbac", "apply", "--quiet", "--yes", "-f", file}},
		}
		if err := b.onFreshServer(ctx, func(m measurer, _ *etcdserver.Server) error {
			for _, run := range runs {
				u, err := m.run(ctx, run.argv)
				if err != nil {
					return err
				}
				*run.to = append(*run.to, u)
			}
			return nil
		}); err != nil {
			return err
		}
		if err := b.onFreshServer(ctx, func(m measurer, server *etcdserver.Server) error {
			u, err := m.run(ctx, []string{b.bare, "-apply", fmt.Sprintf("%d,%d", appliedUsers, appliedRoles), server.Endpoint(), applyRoot})
			bare = append(bare, u)
			return err
		}); err != nil {
			return err
		}
		if err := b.onFreshServer(ctx, func(m measurer, server *etcdserver.Server) error {
			// On the way there the server has half of it, on average.
			half := fmt.Sprintf("%d,%d", appliedUsers/2, appliedRoles/2)
			if _, err := m.run(ctx, []string{b.bare, "-apply", half, server.Endpoint(), applyRoot}); err != nil {
				return err
			}
			u, err := b.singleCalls(ctx, m)
			calls = append(calls, u)
			return err
		}); err != nil {
			return err
		}
	}
	wall := func(u usage) time.Duration { return u.wall }
	ours, repeated, least, single := median(first, wall), median(again, wall), median(bare, wall), median(calls, wall)
	task := fmt.Sprintf("rbac apply of %d changes", appliedSteps)
	b.report.compare(task, fmt.Sprintf("wall (etcdctl calls, %d scaled)", sampledCalls), round(ours), round(single), ratio(ours, single), applyCallsTarget)
	b.report.compare(task, "wall (bare requests, 16 at a time)", round(ours), round(least), ratio(ours, least), applyBareTarget)
	b.report.compare(task+", again", "wall (the first)", round(repeated), round(ours), ratio(repeated, ours), applyAgainTarget)
	memory := func(u usage) int64 { return u.memory }
	b.report.compare(task, "peak memory (bare requests)", size(median(first, memory)), size(median(bare, memory)), ratio(median(first, memory), median(bare, memory)), 0)
	return nil
}

// onFreshServer calls measure with a new server that has authentication on and
// passwords as costly as etcd makes them.
func (b *bench) onFreshServer(ctx context.Context, measure func(m measurer, server *etcdserver.Server) error) error {
	server, m, err := b.start(ctx, etcdserver.Options{RootPassword: applyRoot, Flags: []string{"--bcrypt-cost", "10"}}, "ETCDCTL_USER=root:"+applyRoot)
	if err != nil {
		return err
	}
	defer server.Stop()
	return measure(m, server)
}

// singleCalls measures a sample of calls of etcdctl that make such changes, in
// the same proportions, and returns what all of them would take.
func (b *bench) singleCalls(ctx context.Context, m measurer) (usage, error) {
	var lines []string
	const users = sampledCalls * appliedUsers / appliedSteps
	for i := range sampledCalls - 3*users {
		lines = append(lines, fmt.Sprintf("role add call-role%d", i))
	}
	for i := range users {
		lines = append(lines,
			fmt.Sprintf("role grant-permission call-role%d readwrite /call%d/ --prefix", i%(sampledCalls-3*users), i),
			fmt.Sprintf("user add call-user%d --no-password", i),
			fmt.Sprintf("user grant-role call-user%d call-role%d", i, i%(sampledCalls-3*users)))
	}
	var took time.Duration
	for _, line := range lines {
		u, err := m.run(ctx, append([]string{b.etcdctl}, strings.Fields(line)...))
		if err != nil {
			return usage{}, err
		}
		took += u.wall
	}
	return usage{wall: took * appliedSteps / time.Duration(len(lines))}, nil
}

// largePolicy is the policy file.
func largePolicy() string {
	var text strings.Builder
	text.WriteString("apiVersion: ectl/v1\nroles:\n")
	for role := range appliedRoles {
		fmt.Fprintf(&text, "  role%d:\n", role)
		for grant := role; grant < appliedUsers; grant += appliedRoles {
			fmt.Fprintf(&text, "    - {access: readwrite, prefix: /app%d/}\n", grant)
		}
	}
	text.WriteString("users:\n")
	for user := range appliedUsers {
		fmt.Fprintf(&text, "  user%d: {roles: [role%d], password: none}\n", user, user%appliedRoles)
	}
	return text.String()
}
