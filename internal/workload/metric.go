package workload

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
)

// Metric returns the value of a metric of the member at endpoint, which serves it over
// HTTP at its client URL. The name must be without labels. It returns an error if the
// page cannot be read or does not contain the metric.
func Metric(ctx context.Context, d *etcd.Dialer, endpoint, name string) (float64, error) {
	config, err := d.TLS()
	if err != nil {
		return 0, err
	}
	base := endpoint
	if !strings.HasPrefix(endpoint, "http://") && !strings.HasPrefix(endpoint, "https://") {
		base = "http://" + endpoint
		if d.Secure() {
			base = "https://" + endpoint
		}
	}
	response, err := get(ctx, base+"/metrics", config)
	if err != nil {
		return 0, fmt.Errorf("fetch error: %w", &url.Error{Op: "Get", URL: base + "/metrics", Err: err})
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		value, found := strings.CutPrefix(lines.Text(), name+" ")
		if !found {
			continue
		}
		number, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil {
			return 0, fmt.Errorf("parse error: %w", err)
		}
		if math.IsInf(number, 0) || math.IsNaN(number) {
			return 0, fmt.Errorf("parse error: %s is %g", name, number)
		}
		return number, nil
	}
	if err := lines.Err(); err != nil {
		return 0, fmt.Errorf("fetch error: reading %s/metrics: %w", base, err)
	}
	return 0, fmt.Errorf("could not find: %s", name)
}

// get requests a page on a new connection. Closing the body closes the connection.
// http.Client would make the program 600 kB larger.
func get(ctx context.Context, page string, config *tls.Config) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, page, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Close = true
	port := request.URL.Port()
	if port == "" {
		port = request.URL.Scheme // http or https, a service name
	}
	dial := new(net.Dialer).DialContext
	if request.URL.Scheme == "https" {
		dial = (&tls.Dialer{Config: config}).DialContext
	}
	conn, err := dial(ctx, "tcp", net.JoinHostPort(request.URL.Hostname(), port))
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, crash.Guarded(func() { _ = conn.Close() }))
	response, err := exchange(conn, request)
	if err != nil {
		stop()
		_ = conn.Close()
		return nil, err
	}
	response.Body = closing{response.Body, func() { stop(); _ = conn.Close() }}
	return response, nil
}

// maxMetrics limits the size of the response, in bytes. Members send less.
const maxMetrics = 64 << 20

func exchange(conn net.Conn, request *http.Request) (*http.Response, error) {
	if err := request.Write(conn); err != nil {
		return nil, err
	}
	return http.ReadResponse(bufio.NewReader(io.LimitReader(conn, maxMetrics)), request)
}

// closing is a body that runs a function when it is closed.
type closing struct {
	io.ReadCloser
	after func()
}

// Close implements io.Closer.
func (c closing) Close() error {
	defer c.after()
	return c.ReadCloser.Close()
}
