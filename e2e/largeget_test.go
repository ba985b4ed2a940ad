package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// largeRange is a range that takes many blocks: 40 MB in 40,000 keys, whose
// names lie unevenly and whose values have every byte.
const (
	largeKeys   = 40_000
	largeValue  = 1000
	largePrefix = "/large/"
)

func largeKey(i int) string {
	switch i % 4 {
	case 0: // decimal
		return fmt.Sprintf("%sdecimal/%d", largePrefix, i)
	case 1: // like a UUID
		sum := sha256.Sum256([]byte{byte(i), byte(i >> 8)})
		return fmt.Sprintf("%sid/%x-%x", largePrefix, sum[:4], sum[4:10])
	case 2: // binary
		return fmt.Sprintf("%s\xff\x00%c%c%c", largePrefix, i, i>>8, i>>4)
	}
	return fmt.Sprintf("%sdeep/%d/%d/%d/key-%08d", largePrefix, i%7, i%13, i%101, i)
}

func fillLarge(t *testing.T, server *etcdserver.Server) {
	t.Helper()
	client, err := server.Client("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	value := bytes.Repeat([]byte("value \x00\xff\n"), largeValue/9)
	const batch = 100
	for start := 0; start < largeKeys; start += batch {
		var ops []clientv3.Op
		seen := map[string]bool{}
		for i := start; i < start+batch; i++ {
			if key := largeKey(i); !seen[key] {
				seen[key] = true
				ops = append(ops, clientv3.OpPut(key, string(value)))
			}
		}
		if _, err := client.Txn(t.Context()).Then(ops...).Commit(); err != nil {
			t.Fatal(err)
		}
	}
}

func startLarge(t *testing.T, version string) *etcdserver.Server {
	t.Helper()
	server := harness.StartServer(t, etcdserver.Options{Version: version})
	fillLarge(t, server)
	return server
}

// TestLargeGet compares the bytes of a range of many blocks with the
// reference's, in each format that both have, on servers with RangeStream and
// without, and holds the memory that it takes against the size of the range.
func TestLargeGet(t *testing.T) {
	const mostMemory = 48 << 10 // KiB; the range alone has 40 MB
	for _, version := range etcdserver.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			server := startLarge(t, version)
			env := harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+server.Endpoint())
			queries := [][]string{
				{largePrefix, "--prefix"},
				{largePrefix, "--prefix", "--limit", "12345"},
				{largePrefix + "deep/", "--prefix", "--keys-only"},
				{largePrefix + "i", largePrefix + "j", "--consistency", "s"},
				{"", "--from-key"},
				{"", "--prefix", "--rev", "100"},
			}
			// Older servers are read as 3.6 is, in pages.
			thorough := slices.Contains([]string{etcdserver.Latest, "3.6.16"}, version) || os.Getenv("ECTL_SOAK") != ""
			if !thorough {
				queries = queries[:2]
			}
			for i, query := range queries {
				formats := []string{"json"} // has every field
				if i == 0 && thorough {
					formats = append(formats, "simple", "fields", "protobuf")
				}
				for _, format := range formats {
					args := append([]string{"get", "-w", format, "--command-timeout", "60s"}, query...)
					want, _ := sum(t, harness.Etcdctl(), args, env)
					got, memory := sum(t, harness.Ectl(), args, env)
					if got != want {
						t.Errorf("%s: the output has the digest %s, the reference's %s", strings.Join(args, " "), got, want)
					}
					if memory > mostMemory {
						t.Errorf("%s: took %d KiB of memory at its peak, want at most %d", strings.Join(args, " "), memory, mostMemory)
					}
				}
			}
			if !thorough {
				return
			}
			args := []string{"get", "-w", "json", largePrefix, "--prefix"}
			if _, memory := sum(t, harness.Ectl(), args, append(slices.Clip(env), "GOGC=off")); memory <= mostMemory {
				t.Errorf("%s: took %d KiB of memory at its peak with GOGC=off, want all that it ever used", strings.Join(args, " "), memory)
			}
			for _, format := range []string{"yaml", "ndjson", "csv"} {
				args := []string{"get", "-w", format, largePrefix, "--prefix"}
				if _, memory := sum(t, harness.Ectl(), args, env); memory > mostMemory {
					t.Errorf("%s: took %d KiB of memory at its peak, want at most %d", strings.Join(args, " "), memory, mostMemory)
				}
			}
		})
	}
}

// sum runs a program and returns the length and digest of its output, and its
// peak memory in KiB.
func sum(t *testing.T, program string, args, env []string) (digest string, memory int64) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = env
	hash := sha256.New()
	count := &counter{}
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.MultiWriter(hash, count), &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var err error
	for running := true; running; {
		memory = max(memory, highWater(cmd.Process.Pid))
		select {
		case err = <-ended:
			running = false
		case <-time.After(2 * time.Millisecond):
		}
	}
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, &stderr)
	}
	if count.n == 0 || memory == 0 {
		t.Fatalf("%s %s printed %d bytes and took %d KiB", program, strings.Join(args, " "), count.n, memory)
	}
	return fmt.Sprintf("%d bytes, %x", count.n, hash.Sum(nil)[:8]), memory
}

// highWater is the peak so far of the memory of a process that runs, in KiB. The
// kernel's account of an ended process is of no use: it counts what the process
// held that started it, this one.
func highWater(pid int) (memory int64) {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // it may have ended
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "VmHWM:") {
			_, _ = fmt.Sscanf(line, "VmHWM: %d kB", &memory)
		}
	}
	return memory
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// slowGet starts a large get and stops reading its output after the first
// bytes, calls meanwhile, and reads the rest. It returns all of the output,
// standard error and the exit status.
func slowGet(t *testing.T, env, args []string, meanwhile func()) (stdout []byte, stderr string, status int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), harness.Ectl(), args...)
	cmd.Env = env
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 100)
	if _, err := io.ReadFull(out, first); err != nil {
		t.Fatalf("no output: %v\n%s", err, &errs)
	}
	meanwhile()
	rest, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the status tells
	return append(first, rest...), errs.String(), cmd.ProcessState.ExitCode()
}

// TestCompactionCutsALargeGetOff compacts the revision that a get reads while
// its output is not read. The output is incomplete, and the error reports this.
func TestCompactionCutsALargeGetOff(t *testing.T) {
	t.Parallel()
	// Pages: a stream of 3.7 may have been read by the server already.
	server := startLarge(t, "3.6.16")
	env := harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+server.Endpoint())
	whole, _, status := slowGet(t, env, []string{"get", largePrefix, "--prefix"}, func() {})
	if status != 0 {
		t.Fatalf("the undisturbed get ended with status %d", status)
	}
	part, stderr, status := slowGet(t, env, []string{"get", largePrefix, "--prefix"}, func() { compactAll(t, server) })
	if status != 1 {
		t.Errorf("the get that was cut off ended with status %d, want 1", status)
	}
	if !strings.HasPrefix(stderr, "Error: etcdserver: mvcc: required revision has been compacted") || !strings.Contains(stderr, "the output is incomplete") {
		t.Errorf("standard error is %q: want the server's error and that the output is incomplete", stderr)
	}
	if len(part) >= len(whole) || !bytes.HasPrefix(whole, part) {
		t.Errorf("the output has %d bytes of %d: want a beginning of it", len(part), len(whole))
	}
}

func compactAll(t *testing.T, server *etcdserver.Server) {
	t.Helper()
	client, err := server.Client("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	put, err := client.Put(t.Context(), "another", "revision")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Compact(t.Context(), put.Header.Revision, clientv3.WithCompactPhysical()); err != nil {
		t.Fatal(err)
	}
}

// TestLargeGetOutlivesAMember restarts the member that a get reads from while
// its output is not read. Nothing is lost, doubled or out of order.
func TestLargeGetOutlivesAMember(t *testing.T) {
	for _, version := range []string{"3.7.3", "3.6.16"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			server := startLarge(t, version)
			env := harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+server.Endpoint())
			args := []string{"get", largePrefix, "--prefix", "--command-timeout", "20s"}
			whole, _, _ := slowGet(t, env, args, func() {})
			again, stderr, status := slowGet(t, env, args, func() {
				server.Members[0].Kill()
				if err := server.Members[0].Restart(context.WithoutCancel(t.Context())); err != nil {
					t.Error(err)
				}
			})
			if status != 0 || !bytes.Equal(whole, again) {
				t.Errorf("status %d, %d bytes of %d, stderr %q: want the same output as undisturbed", status, len(again), len(whole), stderr)
			}
		})
	}
}

// TestLargeGetStopsIfItsOutputIsNotRead closes the output half way: the program
// ends by SIGPIPE, as the reference does, and says nothing.
func TestLargeGetStopsIfItsOutputIsNotRead(t *testing.T) {
	t.Parallel()
	server := startLarge(t, etcdserver.Latest)
	for _, program := range []string{harness.Ectl(), harness.Etcdctl()} {
		cmd := exec.CommandContext(t.Context(), program, "get", largePrefix, "--prefix", "--command-timeout", "60s")
		cmd.Env = harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+server.Endpoint())
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdout = writer
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		writer.Close()
		if _, err := io.ReadFull(reader, make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		reader.Close()
		_ = cmd.Wait() // the signal tells
		status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
		if !ok || !status.Signaled() || status.Signal() != syscall.SIGPIPE || stderr.Len() > 0 {
			t.Errorf("%s ended with %v and stderr %q: want SIGPIPE and nothing", program, cmd.ProcessState, &stderr)
		}
	}
}

// A page is planned by the sizes seen so far. Where large values come first, or
// follow many small ones, it must not become as large as all of them.
func TestValuesThatAreSuddenlyLargeTakeLittleMemory(t *testing.T) {
	const mostMemory = 64 << 10 // KiB; the large values have 100 MiB
	for _, version := range []string{"3.6.16", "3.7.3"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			server := harness.StartServer(t, etcdserver.Options{Version: version})
			client, err := server.Client("", "")
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			var ops []clientv3.Op
			for i := range 20_000 {
				ops = append(ops, clientv3.OpPut(fmt.Sprintf("key/%08d", i), "small"))
				if len(ops) == 100 {
					if _, err := client.Txn(t.Context()).Then(ops...).Commit(); err != nil {
						t.Fatal(err)
					}
					ops = nil
				}
			}
			large := strings.Repeat("large", 1<<20/5)
			for i := range 100 {
				if _, err := client.Put(t.Context(), fmt.Sprintf("key/%08d", 20_000+i), large); err != nil {
					t.Fatal(err)
				}
			}
			env := harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+server.Endpoint())
			for _, first := range []string{"key/", fmt.Sprintf("key/%08d", 20_000)} {
				args := []string{"get", "--command-timeout", "60s", first, "key0"}
				want, _ := sum(t, harness.Etcdctl(), args, env)
				got, memory := sum(t, harness.Ectl(), args, env)
				if got != want {
					t.Errorf("from %s: the output has the digest %s, the reference's %s", first, got, want)
				}
				if memory > mostMemory {
					t.Errorf("from %s: took %d KiB of memory at its peak, want at most %d", first, memory, mostMemory)
				}
			}
		})
	}
}
