package e2e

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// A reader that goes away, as head does, ends the program as it ends etcdctl,
// without a word.
func TestClosedPipeEndsTheProgramQuietly(t *testing.T) {
	server := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir()})
	client, err := server.Client("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	value := strings.Repeat("v", 1000)
	for i := range 500 { // more than a pipe holds
		if _, err := client.Put(t.Context(), "key"+strconv.Itoa(i), value); err != nil {
			t.Fatal(err)
		}
	}
	for _, format := range []string{"simple", "json", "fields"} {
		t.Run(format, func(t *testing.T) {
			home := t.TempDir()
			var stderr strings.Builder
			reference, ours := harness.BothPrograms(t, func(t *testing.T, program string) string {
				t.Helper()
				stderr.Reset()
				cmd := exec.Command(program, "get", "", "--prefix", "-w", format)
				cmd.Env = harness.Env(home, "ETCDCTL_ENDPOINTS="+server.Endpoint())
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
				if _, err := bufio.NewReader(reader).ReadByte(); err != nil {
					t.Fatalf("read the first byte: %v", err)
				}
				reader.Close()
				return harness.Ending(cmd.Wait())
			})
			if ours != reference {
				t.Errorf("ours ends with %s, the reference with %s", ours, reference)
			}
			if stderr.Len() > 0 {
				t.Errorf("ours says %q", stderr.String())
			}
		})
	}
}

// Ctrl-C while a request is under way ends the program as it ends etcdctl.
func TestInterruptEndsARequest(t *testing.T) {
	server := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir()})
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			home := t.TempDir()
			reference, ours := harness.BothPrograms(t, func(t *testing.T, program string) string {
				t.Helper()
				var requested atomic.Bool
				proxy := harness.NewRPCProxy(t, server.Endpoint())
				proxy.Handle = func(ctx context.Context, _ *harness.RPC) error {
					requested.Store(true)
					<-ctx.Done() // no answer comes
					return ctx.Err()
				}
				r := harness.Start(t, program, harness.Env(home, "ETCDCTL_ENDPOINTS="+proxy.Address), "get", "k", "--command-timeout", harness.HangTimeout.String())
				harness.WaitUntil(t, "the request", requested.Load)
				return r.Signal(sig).End()
			})
			if ours != reference {
				t.Errorf("after %s ours ends with %s, the reference with %s", sig, ours, reference)
			}
		})
	}
}

// Ctrl-C at a password prompt gives the terminal its echo back.
func TestInterruptAtAPromptRestoresTheTerminal(t *testing.T) {
	home := t.TempDir()
	terminal := harness.NewTerminal(t, 24, 80)
	before := terminal.State()
	cmd := exec.Command(harness.Ectl(), "auth", "bootstrap")
	cmd.Env = harness.Env(home)
	terminal.Start(cmd)
	terminal.MustShow("Password of root: ", 0)
	if terminal.State() == before {
		t.Fatal("the prompt leaves the terminal as it was: the password would be seen")
	}
	terminal.Type("\x03") // Ctrl-C
	if end := terminal.End(); end == "status 0" {
		t.Error("an interrupted command ends with status 0")
	}
	if terminal.State() != before {
		t.Error("the terminal is not as it was before the prompt")
	}
}

// Ctrl-C ends a program that waits for input from a terminal, as it ends etcdctl.
func TestInterruptEndsAWaitForInput(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir()})
	env := harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+server.Endpoint())
	for _, args := range [][]string{{"put", "k"}, {"txn", "-i"}, {"watch", "-i"}} {
		reference, ours := harness.BothPrograms(t, func(t *testing.T, program string) string {
			t.Helper()
			r := harness.Start(t, program, env, args...)
			if _, err := io.WriteString(r.Stdin, "\n"); err != nil {
				t.Fatal(err)
			}
			harness.WaitUntil(t, "the program reads", r.HasReadStdin)
			return r.Signal(syscall.SIGINT).End()
		})
		if ours != reference {
			t.Errorf("%v: after SIGINT ours ends with %s, the reference with %s", args, ours, reference)
		}
	}
	for _, args := range [][]string{{"rbac", "plan", "-f", "-"}, {"user", "add", "bob", "--new-user-password-file", "-"}} {
		r := harness.Start(t, harness.Ectl(), env, args...)
		if _, err := io.WriteString(r.Stdin, "x"); err != nil {
			t.Fatal(err)
		}
		harness.WaitUntil(t, "the program reads", r.HasReadStdin)
		if end := r.Signal(syscall.SIGINT).End(); end != "signal interrupt" || r.Stderr.String() != "" {
			t.Errorf("%v: after SIGINT it ends with %s and says %q", args, end, r.Stderr)
		}
	}
}

// "del FROM TO" without --range says what it will delete and gives two seconds
// to cancel. Then nothing is lost.
func TestDeletingARangeCanBeInterrupted(t *testing.T) {
	server := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir()})
	client, err := server.Client("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	home := t.TempDir()
	keys := func() int64 {
		resp, err := client.Get(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		return resp.Count
	}
	if _, err := client.Put(t.Context(), "a", "1"); err != nil {
		t.Fatal(err)
	}

	reference, ours := harness.BothPrograms(t, func(t *testing.T, program string) string {
		t.Helper()
		r := harness.Start(t, program, harness.Env(home, "ETCDCTL_ENDPOINTS="+server.Endpoint()), "del", "a", "b")
		harness.WaitUntil(t, "it says what it will delete", func() bool { return r.Stdout.String()+r.Stderr.String() != "" })
		return r.Signal(syscall.SIGINT).End()
	})
	if ours != reference {
		t.Errorf("interrupted, ours ends with %s, the reference with %s", ours, reference)
	}
	if keys() != 1 {
		t.Fatal("the interrupted command deleted the key")
	}

	start := time.Now()
	got := harness.Run(t, harness.Command{
		Program: harness.Ectl(), Args: words("del a b"), Dir: home,
		Env: harness.Env(home, "ETCDCTL_ENDPOINTS="+server.Endpoint()),
	})
	if took := time.Since(start); took < 2*time.Second {
		t.Errorf("the deletion happened after %s, want two seconds to think", took)
	}
	if got.Status != "0" || got.Stdout != "1\n" || keys() != 0 {
		t.Errorf("status %s, stdout %q, %d keys left", got.Status, got.Stdout, keys())
	}
}

// A user who answers at once, as a program does that waits for the question, sees
// nothing of the answer, neither behind the first question nor between the two.
func TestAnswersThatAreThereAtOnceAreNotShown(t *testing.T) {
	home := t.TempDir()
	for range 20 {
		terminal := harness.NewTerminal(t, 24, 80)
		cmd := exec.Command(harness.Ectl(), "auth", "bootstrap")
		cmd.Env = harness.Env(home, "ETCDCTL_ENDPOINTS=127.0.0.1:1", "ETCDCTL_COMMAND_TIMEOUT=1ms")
		terminal.Start(cmd)
		asked := terminal.MustShow("Password of root: ", 0)
		terminal.Type("swordfish\n")
		terminal.MustShow("\n", asked) // then the second answer is due
		terminal.Type("swordfish\n")
		terminal.End()
		if terminal.Contains("swordfish") {
			t.Fatalf("the terminal shows:\n%s", terminal)
		}
	}
}
