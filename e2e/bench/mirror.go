package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// The keys of the two mirrors that are compared.
const (
	mirroredFew  = 20_000
	mirroredMany = 300_000
)

// The largest ratios that are wanted of a mirror to etcdctl's, and of one of 15
// times as many keys to it.
const (
	mirrorTarget     = 0.05
	mirrorManyTarget = 20
)

// mirroring measures make-mirror until the destination has all keys, which is
// asked for now and then: etcdctl's never ends. Each run has a destination of
// its own, and with etcd's default limits.
func (b *bench) mirroring(ctx context.Context) error {
	few, err := b.mirrorOf(ctx, mirroredFew, b.ectl, b.etcdctl)
	if err != nil {
		return err
	}
	many, err := b.mirrorOf(ctx, mirroredMany, b.ectl)
	if err != nil {
		return err
	}
	task := func(keys int) string { return fmt.Sprintf("make-mirror of %d keys", keys) }
	ours, theirs, more := few[b.ectl], few[b.etcdctl], many[b.ectl]
	b.report.compare(task(mirroredFew), "wall", round(ours), round(theirs), ratio(ours, theirs), mirrorTarget)
	b.report.compare(task(mirroredMany), fmt.Sprintf("wall (of %d)", mirroredFew), round(more), round(ours), ratio(more, ours), mirrorManyTarget)
	return nil
}

// mirrorOf returns the median time of each program by its name.
func (b *bench) mirrorOf(ctx context.Context, keys int, programs ...string) (map[string]time.Duration, error) {
	source, _, err := b.startFilled(ctx, etcdserver.Options{Flags: serverFlags}, func(client *clientv3.Client) error {
		return fill(ctx, client, keys)
	})
	if err != nil {
		return nil, err
	}
	defer source.Stop()
	times := map[string][]time.Duration{}
	for i := range b.runs {
		for _, program := range programs {
			say("make-mirror of %d keys, run %d of %s", keys, i+1, program)
			took, err := mirrorOnce(ctx, program, source, keys)
			if err != nil {
				return nil, err
			}
			times[program] = append(times[program], took)
		}
	}
	medians := map[string]time.Duration{}
	for program, all := range times {
		slices.Sort(all)
		medians[program] = all[len(all)/2]
	}
	return medians, nil
}

// mirrorOnce returns how long a program takes to fill a new server.
func mirrorOnce(ctx context.Context, program string, source *etcdserver.Server, keys int) (time.Duration, error) {
	dest, err := etcdserver.Start(ctx, etcdserver.Options{Flags: []string{"--quota-backend-bytes", fmt.Sprint(8 << 30)}})
	if err != nil {
		return 0, err
	}
	defer dest.Stop()
	client, err := dest.Client("", "")
	if err != nil {
		return 0, err
	}
	defer client.Close()
	var stderr strings.Builder
	cmd := exec.CommandContext(ctx, program, "make-mirror", "--prefix", prefix, dest.Endpoint())
	cmd.Env = []string{"ETCDCTL_ENDPOINTS=" + source.Endpoint(), "HOME=" + source.Dir(), "PATH=" + os.Getenv("PATH")}
	cmd.Stderr = &stderr
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		response, err := client.Get(ctx, prefix, clientv3.WithPrefix(), clientv3.WithCountOnly(), clientv3.WithSerializable())
		took := time.Since(start)
		switch {
		case err != nil:
			return 0, err
		case response.Count == int64(keys):
			_ = cmd.Process.Kill()
			<-ended
			return took, nil
		}
		select {
		case err := <-ended:
			return 0, fmt.Errorf("%s make-mirror has ended: %w: %s", program, err, stderr.String())
		case <-time.After(took / 50): // a count costs the server something
		}
	}
}
