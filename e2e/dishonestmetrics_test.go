package e2e

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
)

// metricsMethod stands for the page that a member tells its metrics on, among the
// methods that can be lied about.
const metricsMethod = "/metrics"

// metricsPage is an honest page.
const metricsPage = "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes 5e+07\n"

// liesAboutMetrics returns ways in which the page is not what it should be.
func liesAboutMetrics() []lie {
	const metric = "process_resident_memory_bytes "
	withoutEnd := func(line string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			for { // until the client has gone
				if _, err := w.Write([]byte(strings.Repeat(line, 1000))); err != nil {
					return
				}
			}
		}
	}
	var lies []lie
	for name, page := range map[string]func(http.ResponseWriter){
		"is empty":                 func(http.ResponseWriter) {},
		"is an error":              func(w http.ResponseWriter) { w.WriteHeader(http.StatusTeapot) },
		"breaks off":               func(w http.ResponseWriter) { w.Header().Set("Content-Length", "1000"); fmt.Fprint(w, metric) },
		"lacks the number":         func(w http.ResponseWriter) { fmt.Fprintln(w, metric) },
		"has a word":               func(w http.ResponseWriter) { fmt.Fprintln(w, metric+"no such thing\x1b[31m") },
		"has no number":            func(w http.ResponseWriter) { fmt.Fprintln(w, metric+"NaN") },
		"has an endless number":    func(w http.ResponseWriter) { fmt.Fprintln(w, metric+"+Inf") },
		"has a large number":       func(w http.ResponseWriter) { fmt.Fprintln(w, metric+"1e308") },
		"has a negative number":    func(w http.ResponseWriter) { fmt.Fprintln(w, metric+"-5e7") },
		"has a small number":       func(w http.ResponseWriter) { fmt.Fprintln(w, metric+"1e-300") },
		"goes elsewhere":           func(w http.ResponseWriter) { w.Header().Set("Location", "/"); w.WriteHeader(http.StatusFound) },
		"has lines without end":    withoutEnd("other_metric 1\n"),
		"has a line without end":   withoutEnd("x"),
		"has a number without end": withoutEnd("1"),
		"has a header without end": func(w http.ResponseWriter) { w.Header().Set("X", strings.Repeat("x", 8<<20)) },
		"is never sent":            nil,
	} {
		for _, from := range []int{1, 2} {
			l := lie{name: fmt.Sprintf("metrics: %s, from page %d on", name, from), method: metricsMethod, from: from, page: page}
			lies = append(lies, l)
		}
	}
	return lies
}

// metrics shows the page, after the lie.
func (d *dishonestServer) metrics(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	d.calls[metricsMethod]++
	l := d.lie
	applies := l != nil && l.method == metricsMethod && d.calls[metricsMethod] >= l.from
	d.told = d.told || applies
	d.mu.Unlock()
	switch {
	case !applies:
		fmt.Fprint(w, metricsPage)
	case l.page == nil:
		<-r.Context().Done()
	default:
		l.page(w)
	}
}

// pagesListener separates clients that ask for a page from those of gRPC, which
// come to the same port. It hands out those of gRPC.
type pagesListener struct {
	net.Listener
	pages *chosenListener
	grpc  *chosenListener
}

func newPagesListener(all net.Listener) *pagesListener {
	l := &pagesListener{all, newChosenListener(all), newChosenListener(all)}
	go func() {
		for {
			conn, err := all.Accept()
			if err != nil {
				return
			}
			go l.sort(conn)
		}
	}()
	return l
}

// sort looks at the first byte of a connection: that of GET, or of gRPC's PRI.
func (l *pagesListener) sort(conn net.Conn) {
	read := bufio.NewReader(conn)
	to := l.grpc
	if first, err := read.Peek(1); err == nil && first[0] == 'G' {
		to = l.pages
	}
	select {
	case to.conns <- &peekedConn{conn, read}:
	case <-to.closed:
		conn.Close()
	}
}

// Accept implements net.Listener.
func (l *pagesListener) Accept() (net.Conn, error) { return l.grpc.Accept() }

// Close implements net.Listener.
func (l *pagesListener) Close() error { return l.grpc.Close() }

// peekedConn is a connection of which something was read already.
type peekedConn struct {
	net.Conn
	read *bufio.Reader
}

func (c *peekedConn) Read(p []byte) (int, error) { return c.read.Read(p) }

// chosenListener hands out some connections of another one.
type chosenListener struct {
	net.Listener
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newChosenListener(of net.Listener) *chosenListener {
	return &chosenListener{Listener: of, conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *chosenListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends the listener behind, too.
func (l *chosenListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}
