package main

import (
	"context"
	"fmt"
	"time"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// The cluster of the measured completion, and its largest wanted wall clock.
const (
	tabUsers = 5000
	tabLimit = 100 // ms
)

// completing measures a Tab that lists many users, with the token of a login. etcdctl
// completes only commands and options, so its completion of a command is shown beside it.
func (b *bench) completing(ctx context.Context) error {
	server, m, err := b.start(ctx, etcdserver.Options{RootPassword: applyRoot})
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
	if _, err := m.run(ctx, []string{b.ectl, "login", "--user", "root:" + applyRoot}); err != nil {
		return err
	}
	ours, theirs, err := b.beside(ctx, m, b.starts, []string{"__complete", "user", "get", ""}, []string{"__complete", "user", ""})
	if err != nil {
		return err
	}
	task := fmt.Sprintf("__complete user get, %d users", tabUsers)
	b.report.rows = append(b.report.rows, row{
		task: task, quantity: "wall (etcdctl, commands only)", ours: round(ours.wall).String(), theirs: round(theirs.wall).String(),
		ratio: ratio(ours.wall, theirs.wall), target: tabLimit, targetUnit: "ms", measuredForTarget: float64(ours.wall) / float64(time.Millisecond),
	})
	return nil
}
