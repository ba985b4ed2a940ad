package etcd

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"go.etcd.io/etcd/client/pkg/v3/srv"
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
	return endpoints, ignored, nil
}

// exposed returns the endpoints to which a password would travel in the clear
// over a network: neither TLS nor this machine.
func (o *Options) exposed(endpoints []string) []string {
	var exposed []string
	for _, endpoint := range endpoints {
		if !o.usesTLS(endpoint) && !isLocal(endpoint) {
			exposed = append(exposed, endpoint)
		}
	}
	return exposed
}

// usesTLS tells whether the client talks TLS to endpoint: client/v3 does so
// where the scheme asks for it, and without a scheme where TLS is configured.
func (o *Options) usesTLS(endpoint string) bool {
	scheme, _, found := strings.Cut(endpoint, ":")
	if found {
		switch scheme {
		case "https", "unixs":
			return true
		case "http", "unix":
			return false
		}
	}
	return o.Cert != "" || o.CACert != "" || !o.InsecureTransport || o.InsecureSkipTLSVerify
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
