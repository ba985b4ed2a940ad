package e2e

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// Frames of HTTP/2, see RFC 9113: length, type, flags, stream, content.
const (
	http2Preface  = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	settingsFrame = "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	goAwayFrame   = "\x00\x00\x08\x07\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"
)

// leave ends a connection after these last words.
func leave(conn net.Conn, last string) {
	if _, err := io.ReadFull(conn, make([]byte, len(http2Preface))); err != nil {
		return
	}
	_, _ = io.WriteString(conn, settingsFrame+last)
	// What the client has sent is read, so that it reads the last words.
	_ = conn.(*net.TCPConn).CloseWrite()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.Copy(io.Discard, conn)
}

// A server or a proxy that ends each connection is connected to more and more
// seldom, whatever the command.
func TestConnectionsThatEndAtOnceBackOff(t *testing.T) {
	t.Parallel()
	const (
		seconds = 4
		atMost  = 12 // in that time: 0, 50, 100, ... ms, and then every 1.6 s
	)
	source := harness.NewCluster(t, etcdserver.Options{})
	var running sync.WaitGroup
	for name, last := range map[string]string{"GOAWAY": goAwayFrame, "nothing more": ""} {
		for _, args := range [][]string{
			{"get", "k"}, {"put", "k", "v"}, {"member", "list"}, {"endpoint", "status"}, {"user", "list", "--user", "root:pw"}, {"watch", "k"},
			{"lease", "keep-alive", "1234"}, {"lock", "name", "true"}, {"elect", "name", "value"}, {"elect", "--listen", "name"},
			{"make-mirror", source.Endpoint()}, {"snapshot", "save", "db"}, {"ls"},
		} {
			running.Go(func() {
				server := harness.NewEndpoint(t, func(conn net.Conn) { leave(conn, last) })
				r := harness.StartIn(t, harness.Ectl(), t.TempDir(), []string{"ETCDCTL_ENDPOINTS=" + server.Address, "ETCDCTL_COMMAND_TIMEOUT=1m", "ETCDCTL_DIAL_TIMEOUT=1m"}, args...)
				harness.WaitUntil(t, "a connection", func() bool { return server.Connections() > 0 })
				select {
				case <-r.Gone:
				case <-time.After(seconds * time.Second):
				}
				if made := server.Connections(); made > atMost {
					t.Errorf("%s: %v: %d connections in %d s", name, args, made, seconds)
				} else {
					t.Logf("%s: %v: %d connections", name, args, made)
				}
				r.Kill()
			})
		}
	}
	running.Wait()
}
