package etcd

import (
	"context"
	"net"
	"net/url"
	"strings"

	"github.com/spf13/pflag"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/exit"
)

// endpointList is the value of --endpoints. It reads what etcdctl reads, which is
// the first line.
type endpointList struct {
	pflag.Value
	cut    *bool     // there were more lines
	logins *[]string // values that Value cannot read, and which may hold a login
}

// Set implements pflag.Value.
func (l endpointList) Set(text string) error {
	_, more, _ := strings.Cut(strings.TrimSpace(text), "\n")
	*l.cut = *l.cut || more != ""
	err := l.Value.Set(text)
	if err != nil && len(separators(text, "@?#")) > 0 {
		*l.logins, err = append(*l.logins, text), nil // its error would show it; checkEndpoints refuses it
	}
	return err
}

// Warnings are sentences for the user about options that are not read as they
// are meant.
func (o *Options) Warnings() []string {
	if o.endpointsCut {
		return []string{"only the first line of --" + FlagEndpoints + " is read: separate endpoints with commas"}
	}
	return nil
}

// resolveEndpoints returns the endpoints to dial: those that DNS discovery
// finds or else the given ones. ignored are the discovered endpoints without
// TLS that --insecure-discovery=false refuses.
func (o *Options) resolveEndpoints(ctx context.Context) (endpoints, ignored []string, err error) {
	if o.DiscoverySRV != "" {
		found, err := o.discover(ctx)
		if err != nil {
			return nil, nil, err
		}
		for _, endpoint := range found {
			if !o.InsecureDiscovery && schemeOf(endpoint) == "http" {
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
	if speaksTLS(endpoints[0], o.tlsConfigured()) {
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

// tlsConfigured tells whether client/v3 makes a TLS configuration of the
// options.
func (o *Options) tlsConfigured() bool {
	return o.Cert != "" || o.CACert != "" || !o.InsecureTransport || o.InsecureSkipTLSVerify ||
		!o.InsecureDiscovery && o.DiscoverySRV != ""
}

// speaksTLS tells whether a client of several endpoints, of which this is the
// first, talks TLS to all of them: where its scheme says so, and without such
// a scheme where TLS is configured. That is client/v3's rule.
func speaksTLS(first string, configured bool) bool {
	switch schemeOf(first) {
	case "https", "unixs":
		return true
	case "http":
		return false
	}
	return configured
}

// schemeOf returns what stands before the first colon, in lower case: the scheme
// of an endpoint that has one.
func schemeOf(endpoint string) string {
	scheme, _, _ := strings.Cut(endpoint, ":")
	return strings.ToLower(scheme)
}

// isSocket says whether the endpoint is a socket of this machine's file system.
func isSocket(endpoint string) bool {
	scheme := schemeOf(endpoint)
	return scheme == "unix" || scheme == "unixs"
}

func isLocal(endpoint string) bool {
	if isSocket(endpoint) {
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
