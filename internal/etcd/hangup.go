package etcd

import (
	"crypto/tls"
	"net"
	"net/url"
	"strings"
	"time"
)

// hangupTimeout bounds the connection that reasonOfHangup makes, and the wait
// for the server's last word on it.
const hangupTimeout = time.Second

// hungUp says whether gRPC's words mean that the server closed a connection
// that had been made.
func hungUp(message string) bool {
	return strings.Contains(message, "broken pipe") ||
		strings.Contains(message, "connection reset by peer") ||
		strings.HasSuffix(strings.TrimSuffix(message, `"`), "EOF")
}

// reasonOfHangup asks a TLS server why it hangs up. With TLS 1.3 a server
// judges the client's certificate after the client's half of the handshake is
// done. Its alert comes while gRPC already writes, and more often than not the
// broken pipe is all that gRPC tells. So one more connection is made that only
// listens. It returns an empty string where the server has nothing to say.
func (t *trace) reasonOfHangup() string {
	for _, endpoint := range t.endpoints {
		address, err := url.Parse(endpoint)
		if err != nil || address.Scheme != "https" {
			continue
		}
		config := t.tls.Clone()
		if config == nil {
			config = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		config.NextProtos = []string{"h2"}
		conn, err := tls.DialWithDialer(&net.Dialer{Timeout: hangupTimeout}, "tcp", address.Host, config)
		if err == nil {
			_ = conn.SetReadDeadline(time.Now().Add(hangupTimeout))
			_, err = conn.Read(make([]byte, 1))
			_ = conn.Close()
		}
		if err == nil || hungUp(err.Error()) {
			continue
		}
		if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
			continue
		}
		if reason := t.cause(err.Error()); reason != "" {
			return reason
		}
	}
	return ""
}
