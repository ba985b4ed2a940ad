// Bench measures ectl beside the reference etcdctl, in one run, on one machine, in turn.
// It prints the medians as ratios beside their targets.
//
// Start-up is measured with commands that do little.
//
// The large get reads a million keys of 128 bytes in every format. A program with
// client/v3 reads the same keys and prints nothing. It uses RangeStream if the server has
// it, and otherwise a single request. Large gets write to a pipe with a reader, as in most
// uses, and to /dev/null. The bytes of both programs are compared before any measurement.
//
// The apply of a large policy is measured beside the same changes by single calls of
// etcdctl, and beside the bare requests. Access decisions are measured beside the bare
// requests that read all users and roles.
//
// A script of commands over one login is measured beside single calls of etcdctl. The same
// lines, typed in the shell, are measured beside the script. The start of the shell is
// measured beside a small command. The completion of many users is measured beside
// etcdctl's completion of commands.
//
// A mirror is measured until the destination has all keys: one with many keys, and one
// with few. A watch of past events is measured until the last event was printed. ls is
// measured beside a listing of all the keys. Maintenance commands are measured beside
// etcdctl's.
//
//	bench [-parts get,apply,access,script,shell,tab,mirror,watch,ls,cluster,snapshot] [-keys 1000000] [-runs 3] [-starts 40] [-servers 3.7.3,3.6.16]
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// bench is one run of the benchmark.
type bench struct {
	ectl, etcdctl, launch, bare string // programs

	parts              string
	keys, runs, starts int
	report             report
}

func main() {
	var b bench
	flag.StringVar(&b.ectl, "ectl", filepath.Join("bin", "ectl"), "the `program` to measure")
	flag.StringVar(&b.etcdctl, "etcdctl", filepath.Join(".cache", "etcdctl-3.7.3"), "the `program` to compare with")
	flag.StringVar(&b.launch, "launch", filepath.Join(".cache", "bench-launch"), "the `program` that measures one run")
	flag.StringVar(&b.bare, "bareclient", filepath.Join(".cache", "bench-bareclient"), "the `program` that only reads")
	flag.IntVar(&b.keys, "keys", 1_000_000, "`number` of keys of the large get")
	flag.IntVar(&b.runs, "runs", 3, "`number` of runs of each large get")
	flag.IntVar(&b.starts, "starts", 41, "`number` of runs of each small command")
	flag.StringVar(&b.parts, "parts", "get,apply,access,script,shell,tab,mirror,watch,ls,cluster,snapshot", "`parts` to measure: get is start-up and large gets, apply that of a policy, access are questions about many users, script is a script of commands, shell is the shell in a terminal, tab is a completion of users, mirror is make-mirror, watch is of what happened in the past, ls of large subtrees, cluster are lists, transactions and dead members, snapshot is a large one")
	servers := flag.String("servers", "3.7.3,3.6.16", "server `versions` to measure on")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	err := b.run(ctx, strings.Split(*servers, ","))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) run(ctx context.Context, servers []string) error {
	failure := b.measure(ctx, servers)
	// What was measured before a failure is worth reading too.
	fmt.Printf("ectl beside etcdctl, medians of %d small and %d large runs in turn;\nlarge ones write into a pipe that is read, the others to %s\n\n", b.starts, b.runs, os.DevNull)
	targets, missed, err := b.report.print(os.Stdout)
	fmt.Printf("\n%d of %d targets reached\n", targets-missed, targets)
	return errors.Join(failure, err)
}

func (b *bench) measure(ctx context.Context, servers []string) error {
	if err := b.binarySize(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "ectl-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// A file that was written in one go lies better in the page cache than one
	// that a linker wrote: a fifth of the start-up. Both get the same.
	for _, program := range []*string{&b.ectl, &b.etcdctl, &b.bare} {
		if *program, err = copyProgram(*program, dir); err != nil {
			return err
		}
	}
	for i, version := range servers {
		if !b.measures("get") {
			break
		}
		if err := b.onServer(ctx, version, i == 0); err != nil {
			return fmt.Errorf("on etcd %s: %w", version, err)
		}
	}
	for _, part := range []struct {
		name    string
		measure func(context.Context) error
	}{{"apply", b.applying}, {"access", b.asking}, {"script", b.scripting}, {"shell", b.typing}, {"tab", b.completing}, {"mirror", b.mirroring}, {"watch", b.watching}, {"ls", b.listing}, {"cluster", b.maintaining}, {"snapshot", b.copying}} {
		if !b.measures(part.name) {
			continue
		}
		if err := part.measure(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

// measures says whether the part is to be measured.
func (b *bench) measures(part string) bool {
	return slices.Contains(strings.Split(b.parts, ","), part)
}

func (b *bench) binarySize() error {
	ours, err := os.Stat(b.ectl)
	if err != nil {
		return err
	}
	theirs, err := os.Stat(b.etcdctl)
	if err != nil {
		return err
	}
	b.report.limit("binary", "size", size(ours.Size()), size(theirs.Size()), 15, "MB", 1e6)
	return nil
}

// copyProgram copies the program into dir and returns the copy's path.
func copyProgram(program, dir string) (string, error) {
	in, err := os.Open(program)
	if err != nil {
		return "", err
	}
	defer in.Close()
	to := filepath.Join(dir, filepath.Base(program))
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(out, in)
	return to, errors.Join(err, out.Close())
}

// onServer measures on a fresh server of the given version; the commands that
// talk to no server only the first time.
func (b *bench) onServer(ctx context.Context, version string, first bool) error {
	say("etcd %s: writing %d keys", version, b.keys)
	server, m, err := b.startFilled(ctx, etcdserver.Options{Version: version, Flags: serverFlags}, func(client *clientv3.Client) error {
		return fill(ctx, client, b.keys)
	})
	if err != nil {
		return err
	}
	defer server.Stop()
	if first {
		if err := b.small(ctx, m, "version", "version"); err != nil {
			return err
		}
		if err := b.small(ctx, m, "__complete user", "__complete", "user", ""); err != nil {
			return err
		}
		if err := b.withContexts(ctx, m, server.Endpoint()); err != nil {
			return err
		}
	}
	if err := b.small(ctx, m, "user list, "+version, "user", "list"); err != nil {
		return err
	}
	if err := b.small(ctx, m, "get k, "+version, "get", "k"); err != nil {
		return err
	}
	return b.large(ctx, m, version, server.Endpoint())
}

// small measures a command that does little: what it takes is the start.
func (b *bench) small(ctx context.Context, m measurer, task string, args ...string) error {
	say("%s", task)
	ours, theirs, err := b.both(ctx, m, b.starts, args...)
	if err != nil {
		return err
	}
	b.report.usages(task, ours, theirs, targets{cpu: startTarget, memory: startTarget})
	return nil
}

// startTarget is the largest ratio of CPU and memory to the reference's that is
// wanted of a start.
const startTarget = 0.75

// wallTargets are the largest ratios of wall clock to the reference's that are
// wanted for the large get, by server version and format.
var wallTargets = map[string]map[string]float64{
	"3.7.3":  {"simple": 0.5, "json": 0.35},
	"3.6.16": {"simple": 0.8, "json": 0.5},
}

const (
	bareTarget  = 1.3 // largest ratio of wall clock to the bare client's
	memoryLimit = 40  // MiB, whatever the format
)

// large measures the get of every key under prefix.
func (b *bench) large(ctx context.Context, m measurer, version, endpoint string) error {
	bare := candidate{name: "bare", argv: []string{b.bare, endpoint, prefix}}
	way := "bare client, one request"
	if version == "3.7.3" {
		bare.argv = []string{b.bare, "-stream", endpoint, prefix}
		way = "bare client, RangeStream"
	}
	for _, format := range []string{"simple", "fields", "json", "protobuf"} {
		task := fmt.Sprintf("get --prefix -w %s, %s", format, version)
		say("%s", task)
		// The default of five seconds is short for etcdctl on a busy machine.
		args := []string{"get", "--prefix", prefix, "-w", format, "--command-timeout=10m"}
		if err := b.sameBytes(ctx, m, args); err != nil {
			return err
		}
		m.pipe = true
		ectl, etcdctl := candidate{name: "ectl", argv: append([]string{b.ectl}, args...)}, candidate{name: "etcdctl", argv: append([]string{b.etcdctl}, args...)}
		median, err := m.alternate(ctx, b.runs, ectl, etcdctl, bare)
		if err != nil {
			return err
		}
		ours, theirs, least := median["ectl"], median["etcdctl"], median["bare"]
		b.report.compare(task, "wall", round(ours.wall), round(theirs.wall), ratio(ours.wall, theirs.wall), wallTargets[version][format])
		b.report.compare(task, "wall ("+way+")", round(ours.wall), round(least.wall), ratio(ours.wall, least.wall), bareTarget)
		b.report.compare(task, "CPU", round(ours.cpu), round(theirs.cpu), ratio(ours.cpu, theirs.cpu), 0)
		b.report.limit(task, "peak memory", size(ours.memory), size(theirs.memory), memoryLimit, "MiB", 1<<20)
		if wallTargets[version][format] == 0 {
			continue
		}
		// The output is discarded here: etcdctl's write for each line costs it little.
		m.pipe = false
		if median, err = m.alternate(ctx, b.runs, ectl, etcdctl); err != nil {
			return err
		}
		ours, theirs = median["ectl"], median["etcdctl"]
		b.report.compare(task, "wall, to "+os.DevNull, round(ours.wall), round(theirs.wall), ratio(ours.wall, theirs.wall), 0)
	}
	m.pipe = true
	for _, format := range []string{"yaml", "ndjson", "csv"} {
		task := fmt.Sprintf("get --prefix -w %s, %s", format, version)
		say("%s", task)
		ours, err := m.run(ctx, []string{b.ectl, "get", "--prefix", prefix, "-w", format})
		if err != nil {
			return err
		}
		b.report.limit(task, "peak memory", size(ours.memory), 0, memoryLimit, "MiB", 1<<20)
	}
	return nil
}

// sameBytes fails when the two programs do not print the same: then they did
// not do the same work.
func (b *bench) sameBytes(ctx context.Context, m measurer, args []string) error {
	var sums [2][]byte
	for i, program := range []string{b.ectl, b.etcdctl} {
		sum := sha256.New()
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Env = m.environ
		cmd.Stdout = sum
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s %s: %w", program, strings.Join(args, " "), err)
		}
		sums[i] = sum.Sum(nil)
	}
	if !bytes.Equal(sums[0], sums[1]) {
		return fmt.Errorf("%s: ectl and etcdctl print different bytes", strings.Join(args, " "))
	}
	return nil
}

func ratio[T int64 | time.Duration](ours, theirs T) float64 { return float64(ours) / float64(theirs) }

// round keeps of a time what can be told from another run's.
func round(d time.Duration) time.Duration {
	if d < 100*time.Millisecond {
		return d
	}
	return d.Round(time.Millisecond)
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
