package e2e

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// snapshotServer is a server with some megabytes in its database.
func snapshotServer(t *testing.T, version string) *harness.Cluster {
	t.Helper()
	c := harness.NewCluster(t, etcdserver.Options{Version: version})
	client, err := c.Client("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	value := strings.Repeat("0123456789abcdef", 1<<15) // half a megabyte
	for _, key := range strings.Fields("a b c d e f g h i j k l m n o p") {
		if _, err := client.Put(t.Context(), key, value); err != nil {
			t.Fatal(err)
		}
	}
	harness.WaitUntil(t, "the server has committed all of it", func() bool {
		status, err := client.Status(t.Context(), c.Endpoint())
		return err == nil && status.DbSize > 8<<20
	})
	return c
}

func filesIn(t *testing.T, folder string) string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// keysOfSnapshot are the revisions of keys in a snapshot, as the server keeps
// them. Other pages of the database differ between two snapshots: to make one
// is a transaction.
func keysOfSnapshot(t *testing.T, path string) map[string]string {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	keys := map[string]string{}
	if err := db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("key")).ForEach(func(k, v []byte) error {
			keys[string(k)] = string(v)
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestASnapshotHoldsWhatTheReferencesHolds(t *testing.T) {
	for _, version := range etcdserver.Versions() {
		t.Run(version, func(t *testing.T) {
			c := snapshotServer(t, version)
			said := c.MustRunAt(c.Endpoint(), "snapshot", "save", "ours.db")
			reference := harness.Run(t, harness.Command{
				Program: harness.Etcdctl(), Args: []string{"snapshot", "save", "reference.db"},
				Env: harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+c.Endpoint()), Dir: c.Home,
			})
			if want := strings.ReplaceAll(reference.Stdout, "reference.db", "ours.db"); said != want {
				t.Errorf("ours says %q, the reference %q", said, want)
			}
			ours, theirs := keysOfSnapshot(t, filepath.Join(c.Home, "ours.db")), keysOfSnapshot(t, filepath.Join(c.Home, "reference.db"))
			if len(ours) < 16 || !maps.Equal(ours, theirs) {
				t.Errorf("our snapshot has %d keys, the reference's %d, want the same 16 at least", len(ours), len(theirs))
			}
			content := []byte(harness.MustRead(t, filepath.Join(c.Home, "ours.db")))
			end := len(content) - sha256.Size
			if sum := sha256.Sum256(content[:end]); !bytes.Equal(sum[:], content[end:]) {
				t.Error("the checksum at the end of the snapshot is not its own")
			}
			if files := filesIn(t, c.Home); files != "ours.db reference.db" {
				t.Errorf("the folder has %s", files)
			}
		})
	}
}

// A connection that is cut leaves the old file as it was and no other.
func TestABrokenTransferLeavesNoSnapshot(t *testing.T) {
	c := snapshotServer(t, etcdserver.Latest)
	if err := os.WriteFile(filepath.Join(c.Home, "old.db"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"new.db", "old.db"} {
		way := harness.NewTCPProxy(t, c.Endpoint())
		way.Limit(3<<20, harness.Ended)
		r := c.RunAt(way.URL, "snapshot", "save", target)
		if r.Status != "5" || r.Stdout != "" || !strings.Contains(r.Stderr, "Error: could not write snapshot: ") {
			t.Errorf("a cut connection: status %s, stdout %q, stderr %q", r.Status, r.Stdout, r.Stderr)
		}
	}
	// One that falls silent ends with the timeout that was asked for.
	way := harness.NewTCPProxy(t, c.Endpoint())
	way.Limit(3<<20, harness.Held)
	if r := c.RunAt(way.URL, "snapshot", "save", "new.db", "--command-timeout", "1s"); r.Status != "5" || !strings.Contains(r.Stderr, "deadline exceeded") {
		t.Errorf("a silent connection: status %s, stderr %q", r.Status, r.Stderr)
	}
	if files := filesIn(t, c.Home); files != "old.db" {
		t.Errorf("the folder has %s, want old.db alone", files)
	}
	if old, _ := os.ReadFile(filepath.Join(c.Home, "old.db")); string(old) != "old" {
		t.Error("the old file is no longer what it was")
	}
}

func TestAnInterruptedSnapshotLeavesNoFile(t *testing.T) {
	c := snapshotServer(t, etcdserver.Latest)
	for _, sent := range []syscall.Signal{syscall.SIGINT, syscall.SIGHUP} {
		cmd := snapshotInTheMiddle(t, c, "")
		if files := filesIn(t, c.Home); !strings.HasPrefix(files, "new.db.") {
			t.Errorf("in the middle of it the folder has %q, want a temporary file", files)
		}
		if err := cmd.Process.Signal(sent); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if state, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || state.Signal() != sent {
			t.Errorf("it ended with %v, want the signal %v", cmd.ProcessState, sent)
		}
		if files := filesIn(t, c.Home); files != "" {
			t.Errorf("%v left %s in the folder", sent, files)
		}
	}
	// What was started to outlive its terminal does so.
	cmd := snapshotInTheMiddle(t, c, "trap '' HUP; ")
	if err := errors.Join(cmd.Process.Signal(syscall.SIGHUP), cmd.Process.Signal(syscall.SIGTERM)); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if state, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || state.Signal() != syscall.SIGTERM {
		t.Errorf("where SIGHUP is ignored it ended with %v, want the next signal", cmd.ProcessState)
	}
}

// What a killed run leaves is removed by the next one, but not what one has that
// is at work.
func TestAKilledSnapshotLeavesNothingToTheNextRun(t *testing.T) {
	t.Parallel()
	c := snapshotServer(t, etcdserver.Latest)
	atWork := snapshotInTheMiddle(t, c, "")
	defer func() {
		_ = atWork.Process.Kill()
		_ = atWork.Wait()
	}()
	held := filesIn(t, c.Home)
	killed := snapshotInTheMiddle(t, c, "")
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.Wait()
	if left := strings.Fields(filesIn(t, c.Home)); len(left) != 2 {
		t.Fatalf("two runs have %v", left)
	}
	c.MustRunAt(c.Endpoint(), "snapshot", "save", "new.db")
	if left, want := filesIn(t, c.Home), "new.db "+held; left != want {
		t.Errorf("after the next run there are %s, want %s", left, want)
	}
	wholeSnapshot(t, filepath.Join(c.Home, "new.db"))
}

// snapshotInTheMiddle starts a copy into new.db, behind a shell's words, that
// stops in the middle.
func snapshotInTheMiddle(t *testing.T, c *harness.Cluster, before string) *exec.Cmd {
	t.Helper()
	way := harness.NewTCPProxy(t, c.Endpoint())
	reached := way.Limit(3<<20, harness.Held)
	cmd := exec.Command("sh", "-c", before+`exec "$0" snapshot save new.db`, harness.Ectl())
	cmd.Dir, cmd.Env = c.Home, harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+way.URL)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-reached
	harness.WaitUntil(t, "a temporary file", func() bool { return strings.Contains(filesIn(t, c.Home), ".part") })
	return cmd
}

// On a terminal a person sees how far it is, and afterwards the result alone.
func TestProgressIsShownOnATerminal(t *testing.T) {
	c := snapshotServer(t, etcdserver.Latest)
	way := harness.NewTCPProxy(t, c.Endpoint())
	way.Limit(4<<20, harness.Held)
	way.Delay(3 * time.Millisecond) // for a bar that moves
	terminal := harness.NewTerminal(t, 24, 80)
	cmd := exec.Command(harness.Ectl(), "snapshot", "save", "new.db", "--command-timeout", "2s")
	cmd.Dir, cmd.Env = c.Home, harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+way.URL)
	var stdout bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, terminal.TTY
	terminal.Start(cmd)
	if end := terminal.End(); end == "status 0" || stdout.Len() > 0 {
		t.Errorf("a transfer that stops in the middle ends with %s, stdout %q", end, stdout.String())
	}
	for _, part := range []string{"%", "MB/s", " MB, "} {
		if !terminal.Contains(part) {
			t.Errorf("the terminal shows %q, want %q in it", terminal, part)
		}
	}
}
