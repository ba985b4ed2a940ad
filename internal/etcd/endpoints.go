package etcd

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/spf13/pflag"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/exit"
)

// endpointList is the value of --endpoints. Like etcdctl, it reads only the first line.
type endpointList struct {
	pflag.Value
	cut    *bool     // there were more lines
	logins *[]string // values that Value cannot parse and that may contain a login
}

// Set implements pflag.Value.
func (l endpointList) Set(text string) error {
	_, more, _ := strings.Cut(strings.TrimSpace(text), "\n")
	*l.cut = *l.cut || more != ""
	err := l.Value.Set(text)
	if err != nil && len(separators(text, "@?#")) > 0 {
		*l.logins, err = append(*l.logins, text), nil // the error would show the login; checkEndpoints refuses the value
	}
	return err
}

// Warnings returns warnings for the user about options that are probably not read as
// intended.
func (o *Options) Warnings() []string {
	var warnings []string
	if o.endpointsCut {
		warnings = append(warnings, "only the first line of --"+FlagEndpoints+" is read: separate endpoints with commas")
	}
	warnings = append(warnings, o.malformedEndpoints()...)
	for _, limit := range []struct {
		flag     string
		negative bool
		means    string
	}{
		{flagDialTimeout, o.DialTimeout < 0, "the login has no time limit"},
		{flagKeepAliveTime, o.KeepAliveTime < 0, "no keep-alive pings are sent"},
		{flagKeepAliveTimeout, o.KeepAliveTimeout < 0, "the first ping closes the connection"},
		{flagMaxRequestBytes, o.MaxRequestBytes < 0, "the default limit applies"},
		{flagMaxRecvBytes, o.MaxRecvBytes < 0, "the default limit applies"},
	} {
		if limit.negative {
			warnings = append(warnings, "--"+limit.flag+" is negative: "+limit.means)
		}
	}
	return warnings
}

// malformedEndpoints returns warnings about endpoints that cannot work. If none of the
// endpoints can work, the error of the connection reports it.
func (o *Options) malformedEndpoints() (warnings []string) {
	if o.DiscoverySRV != "" || o.checkEndpoints() != nil { // a login must not be shown
		return nil
	}
	for _, endpoint := range o.Endpoints {
		if reason := diagnose.Malformed(strings.TrimSpace(endpoint)); reason != "" {
			warnings = append(warnings, fmt.Sprintf("--%s: %q cannot be reached: %s", FlagEndpoints, endpoint, reason))
		}
	}
	if len(warnings) == len(o.Endpoints) {
		return nil
	}
	return warnings
}

// resolveEndpoints returns the endpoints to dial: those from DNS discovery, or else the
// given ones. ignored are the discovered endpoints without TLS, which
// --insecure-discovery=false refuses. It returns an error with the status BadConnection
// if there are no endpoints.
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

// exposed returns the endpoints to which a password would be sent unencrypted over a
// network. They have no TLS and are not on this machine.
func (o *Options) exposed(endpoints []string) []string {
	if speaksTLS(endpoints[0], o.tlsConfigured()) {
		return nil
	}
	var exposed []string
	for _, endpoint := range endpoints {
		if !isLocal(endpoint) && diagnose.Malformed(endpoint) == "" {
			exposed = append(exposed, endpoint)
		}
	}
	return exposed
}

// tlsConfigured reports whether client/v3 creates a TLS configuration from the options.
func (o *Options) tlsConfigured() bool {
	return o.Cert != "" || o.CACert != "" || !o.InsecureTransport || o.InsecureSkipTLSVerify ||
		!o.InsecureDiscovery && o.DiscoverySRV != ""
}

// speaksTLS reports whether a client uses TLS for all of its endpoints. The scheme of
// first, its first endpoint, decides. Without a scheme, TLS is used if it is configured.
// That is client/v3's rule.
func speaksTLS(first string, configured bool) bool {
	switch schemeOf(first) {
	case "https", "unixs":
		return true
	case "http":
		return false
	}
	return configured
}

// schemeOf returns the text before the first colon, in lower case. It is the scheme if
// the endpoint has one.
func schemeOf(endpoint string) string {
	scheme, _, _ := strings.Cut(endpoint, ":")
	return strings.ToLower(scheme)
}

// isSocket reports whether the endpoint is a Unix socket of this machine.
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
