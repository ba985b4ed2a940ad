package diagnose

import (
	"bytes"
	"errors"
	"strings"
)

// errSpeaksHTTP reports a server that answers an HTTP/2 client with HTTP/1.
var errSpeaksHTTP = errors.New("the server speaks HTTP/1")

// notEtcd describes a port that is not a client port of etcd.
const (
	notEtcd       = notEtcdCause + "; " + notEtcdRemedy
	notEtcdCause  = "speaks HTTP, but not etcd's API: it may be etcd's peer port, or a web server"
	notEtcdRemedy = "use the client port, which is 2379 by default"
)

// isHTTP1 reports whether a response begins like one of HTTP/1.
func isHTTP1(response []byte) bool { return bytes.HasPrefix(response, []byte("HTTP/1.")) }

// lacksALPN reports whether a server with TLS did not agree on HTTP/2. Every server of
// the API does. gRPC has no type for this error.
func lacksALPN(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "missing selected ALPN property") || strings.Contains(err.Error(), "tls: no application protocol"))
}

// answersHTTP reports whether message is gRPC's text about a response of HTTP/2 that is
// not one of gRPC. Servers of the API never send one.
func answersHTTP(message string) bool {
	return strings.HasPrefix(message, "unexpected HTTP status code received from server") || strings.Contains(message, "received unexpected content-type")
}
