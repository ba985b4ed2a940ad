package etcd

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"go.etcd.io/etcd/client/pkg/v3/srv"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/exit"
)

// clientService is the SRV service of etcd's clients.
const clientService = "etcd-client"

// resolveEndpoints returns the endpoints to dial: those that DNS discovery
// finds or else the given ones. ignored are the discovered endpoints without
// TLS that --insecure-discovery=false refuses.
func (o *Options) resolveEndpoints() (endpoints, ignored []string, err error) {
	if o.DiscoverySRV != "" {
		found, err := srv.GetClient(clientService, o.DiscoverySRV, o.DiscoverySRVName)
		if err != nil {
			return nil, nil, fmt.Errorf("%w (--discovery-srv %s)", err, o.DiscoverySRV)
		}
		for _, endpoint := range found.Endpoints {
			if !o.InsecureDiscovery && strings.HasPrefix(endpoint, "http://") {
				ignored = append(ignored, endpoint)
				continue
			}
			endpoints = append(endpoints, endpoint)
		}
	}
	if len(endpoints) == 0 {
		for _, endpoint := range o.Endpoints {
			endpoints = append(endpoints, strings.TrimSpace(endpoint))
		}
	}
	if len(endpoints) == 0 { // --endpoints=
		return nil, nil, exit.With(exit.BadConnection, clientv3.ErrNoAvailableEndpoints)
	}
	return endpoints, ignored, nil
}

// exposed returns the endpoints to which a password would travel in the clear
// over a network: neither TLS nor this machine.
func (o *Options) exposed(endpoints []string) []string {
	configured := o.Cert != "" || o.CACert != "" || !o.InsecureTransport || o.InsecureSkipTLSVerify ||
		!o.InsecureDiscovery && o.DiscoverySRV != ""
	if speaksTLS(endpoints[0], configured) {
		return nil
	}
	var exposed []string
	for _, endpoint := range endpoints {
		if !isLocal(endpoint) {
			exposed = append(exposed, endpoint)
		}
	}
	return exposed
}

// speaksTLS tells whether a client of several endpoints, of which this is the
// first, talks TLS to all of them: where its scheme says so, and without such
// a scheme where TLS is configured. That is client/v3's rule.
func speaksTLS(first string, configured bool) bool {
	scheme, _, _ := strings.Cut(first, ":")
	switch scheme {
	case "https", "unixs":
		return true
	case "http":
		return false
	}
	return configured
}

func isLocal(endpoint string) bool {
	if strings.HasPrefix(endpoint, "unix:") || strings.HasPrefix(endpoint, "unixs:") {
		return true
	}
	host := hostOf(endpoint)
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func hostOf(endpoint string) string {
	hostport := endpoint
	if u, err := url.Parse(endpoint); err == nil && u.Host != "" {
		hostport = u.Host
	}
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.Trim(hostport, "[]")
}
