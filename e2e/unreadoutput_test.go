package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sys/unix"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// One signal ends a command whose output is not read: it has filled the pipe, and
// waits for the reader.
func TestASignalEndsACommandIfItsOutputIsNotRead(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	client := c.MustClient()
	var ops []clientv3.Op
	for i := range 1000 {
		ops = append(ops, clientv3.OpPut(fmt.Sprintf("/many/%d", i), strings.Repeat("x", 1000)))
	}
	for some := range slices.Chunk(ops, 100) {
		if _, err := client.Txn(t.Context()).Then(some...).Commit(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 150 {
		name := fmt.Sprintf("%s%d", strings.Repeat("long", 150), i)
		if _, err := client.UserAddWithOptions(t.Context(), name, "", &clientv3.UserAddOptions{NoPassword: true}); err != nil {
			t.Fatal(err)
		}
	}
	for i, line := range []string{
		"get /many/ --prefix", "get /many/ --prefix -w json", "get /many/ --prefix -w table", "get /many/ --prefix -w yaml",
		"ls /many/ -l --quiet -R -w json", "watch /many/ --prefix --rev 1",
		"rbac matrix", "rbac matrix -w csv", "rbac matrix -w html", "user list", "rbac export",
	} {
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer read.Close()
		size, err := unix.FcntlInt(write.Fd(), unix.F_SETPIPE_SZ, 1<<12)
		if err != nil {
			t.Fatal(err)
		}
		p := harness.StartWritingTo(t, harness.Ectl(), harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+c.Endpoint()), write, words(line)...)
		harness.WaitUntil(t, line+" has filled the pipe", func() bool {
			waiting, err := unix.IoctlGetInt(int(read.Fd()), unix.TIOCINQ)
			return err == nil && waiting >= size/2 || p.HasEnded()
		})
		write.Close()
		signal := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM}[i%2]
		p.Signal(signal).WantEnd("signal " + signal.String())
	}
}
