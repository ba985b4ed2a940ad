package diagnose

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"syscall"
	"time"
)

// probeTimeout limits each probe of a server that has closed a connection.
const probeTimeout = 500 * time.Millisecond

var (
	errSpeaksTLS   = errors.New("the server speaks TLS")
	errSpeaksPlain = errors.New("the server does not speak TLS")
)

// hungUp reports whether err means that the server closed an established connection
// without an error message.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// reasonOfHangup finds out why the server at address closes connections. It makes
// further connections that send only greetings. It returns nil if it does not find the
// reason.
func (a *attempts) reasonOfHangup(address string) error {
	if a.tls == nil {
		if speaks, _ := a.handshake(address, &tls.Config{
			InsecureSkipVerify: true, //nolint:gosec // only tests whether the server speaks TLS
		}); speaks {
			return errSpeaksTLS
		}
		return nil
	}
	// With TLS 1.3, a server checks the client certificate after the client has finished
	// its part of the handshake. gRPC may already be writing when the alert arrives.
	// Then the error is often only a broken pipe.
	if speaks, err := a.handshake(address, a.tls); speaks {
		return err
	}
	if greetsPlain(address) {
		return errSpeaksPlain
	}
	return nil
}

// handshake makes a TLS connection and waits for a response. speaks reports whether the
// server uses TLS. alert is a permanent error of the handshake, for example an alert of
// the server.
func (a *attempts) handshake(address string, config *tls.Config) (speaks bool, alert error) {
	conn, err := dialProbe(address)
	if err != nil {
		return false, nil
	}
	defer func() { _ = conn.Close() }()
	config = config.Clone()
	config.NextProtos = []string{"h2"}
	if host, _, err := net.SplitHostPort(address); err == nil {
		config.ServerName = host
	}
	client := tls.Client(conn, config)
	if err = client.HandshakeContext(context.Background()); err == nil {
		speaks = true
		_, err = client.Read(make([]byte, 1))
	}
	if final(err) {
		return true, err
	}
	return speaks, nil
}

func dialProbe(address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: probeTimeout}
	conn, err := dialer.DialContext(context.Background(), "tcp", address)
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(time.Now().Add(probeTimeout))
}

// greeting is what an HTTP/2 client sends first (RFC 9113, 3.4): the preface and an
// empty SETTINGS frame.
const greeting = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\x00\x00\x00" + frameSettings + "\x00\x00\x00\x00\x00"

const (
	frameSettings     = "\x04"
	frameHeaderLength = 9
	frameTypeAt       = 3 // in the header of a frame, after its length
)

// greetsPlain reports whether the server at address answers an HTTP/2 client without
// TLS. Such a server sends its own SETTINGS frame.
func greetsPlain(address string) bool {
	conn, err := dialProbe(address)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, greeting); err != nil {
		return false
	}
	var header [frameHeaderLength]byte
	_, err = io.ReadFull(conn, header[:])
	return err == nil && header[frameTypeAt] == frameSettings[0]
}
