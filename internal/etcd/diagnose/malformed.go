package diagnose

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/ectl-io/ectl/internal/suggest"
)

// defaultPort is the port of etcd's clients.
const defaultPort = "2379"

// Malformed returns why no client can connect to endpoint, with the form that is probably
// meant. It returns an empty string for an endpoint that may work.
func Malformed(endpoint string) string {
	switch {
	case endpoint == "":
		return "it is empty; is there a comma too many?"
	case strings.HasPrefix(endpoint, "unix:"), strings.HasPrefix(endpoint, "unixs:"):
		return ""
	case strings.ContainsAny(endpoint, " \t\r\n;"):
		several := strings.FieldsFunc(endpoint, func(r rune) bool { return strings.ContainsRune(" \t\r\n;,", r) })
		return "endpoints are separated by commas; did you mean " + strings.Join(several, ",") + "?"
	}
	scheme, address, isURL := strings.Cut(endpoint, "://")
	if !isURL {
		return malformedAddress(endpoint)
	}
	switch lower := strings.ToLower(scheme); {
	case strings.Contains(address, "://"):
		return "it has two schemes; did you mean " + address + "?"
	case lower != "http" && lower != "https":
		return fmt.Sprintf("unknown scheme %q; did you mean %s://%s?", scheme, schemeLike(lower), address)
	}
	hostport, _, _ := strings.Cut(address, "/")
	if reason := malformedHostPort(hostport, scheme+"://"); reason != "" {
		return reason
	}
	if _, err := url.Parse(endpoint); err != nil && !hasZone(hostport) {
		return "it is no URL; did you mean " + scheme + "://" + hostport + "?"
	}
	return ""
}

// schemeLike returns http or https, whichever the unknown scheme is closer to.
func schemeLike(scheme string) string {
	meant := suggest.Words(scheme, []string{"http", "https"}, map[string][]string{"tls": {"https"}, "ssl": {"https"}, "etcds": {"https"}, "grpcs": {"https"}})
	if len(meant) == 0 {
		return "http"
	}
	return meant[0]
}

// damagedURL splits an address that begins with a scheme and a damaged "://". It returns
// empty strings for other addresses.
func damagedURL(address string) (scheme, separator, rest string) {
	for _, scheme := range []string{"https", "http"} {
		if len(address) < len(scheme) || !strings.EqualFold(address[:len(scheme)], scheme) {
			continue
		}
		after := address[len(scheme):]
		rest := strings.TrimLeft(after, ":/")
		switch separator := strings.TrimSuffix(after, rest); separator {
		case ":/", ":", "//", "/":
			if rest != "" {
				return scheme, separator, rest
			}
		}
	}
	return "", "", ""
}

// malformedAddress is Malformed for an endpoint without "://".
func malformedAddress(endpoint string) string {
	if scheme, separator, rest := damagedURL(endpoint); scheme != "" {
		if _, err := strconv.Atoi(rest); err != nil || separator != ":" { // otherwise the host is called "http"
			return "did you mean " + scheme + "://" + rest + "?"
		}
	}
	if hostport, _, found := strings.Cut(endpoint, "/"); found {
		if reason := malformedHostPort(hostport, ""); reason != "" {
			return reason
		}
		return "an address without http:// or https:// has no path; did you mean " + hostport + "?"
	}
	return malformedHostPort(endpoint, "")
}

// malformedHostPort is Malformed for HOST:PORT after prefix, a scheme or nothing.
func malformedHostPort(hostport, prefix string) string {
	meant := func(host, port string) string { return "did you mean " + prefix + net.JoinHostPort(host, port) + "?" }
	opening, closing := strings.Contains(hostport, "["), strings.Contains(hostport, "]")
	if !opening && isIPv6(hostport) {
		return "an IPv6 address is put in brackets, before the port; " + meant(hostport, defaultPort)
	}
	last := strings.LastIndexByte(hostport, ':')
	if last >= 0 && (opening != closing || !opening && strings.Count(hostport, ":") > 1) {
		host := strings.Trim(hostport[:last], "[]")
		switch {
		case isIPv6(host):
			return "an IPv6 address is put in brackets; " + meant(host, hostport[last+1:])
		case opening != closing && isIPv6(strings.Trim(hostport, "[]")):
			return "a bracket is missing; " + meant(strings.Trim(hostport, "[]"), defaultPort)
		}
	}
	host, port, err := net.SplitHostPort(hostport)
	switch addr, _ := err.(*net.AddrError); { //nolint:errorlint // SplitHostPort returns no other
	case addr != nil && strings.HasPrefix(addr.Err, "missing port"):
		return "it has no port; " + meant(strings.Trim(hostport, "[]"), defaultPort)
	case addr != nil:
		return addr.Err + "; want HOST:PORT"
	case port == "":
		return "it has no port; " + meant(host, defaultPort)
	}
	if number, err := strconv.Atoi(port); err == nil && (number < 0 || number > maxPort) {
		return fmt.Sprintf("port %s is not between 0 and %d", port, maxPort)
	} else if err == nil {
		return ""
	}
	if _, err := net.LookupPort("tcp", port); err != nil { //nolint:noctx // it reads a file, and asks no server
		return fmt.Sprintf("port %q is not a number", port)
	}
	return ""
}

const maxPort = 65535

// isIPv6 reports whether text is an IPv6 address, possibly with a zone.
func isIPv6(text string) bool {
	address, zone, _ := strings.Cut(text, "%")
	return strings.Contains(address, ":") && !strings.Contains(zone, ":") && net.ParseIP(address) != nil
}

func hasZone(hostport string) bool { return strings.Contains(hostport, "%") }

// BadZone returns the correct form of an endpoint with an IPv6 zone that the client
// library cannot parse as its first endpoint. It returns an empty string for other
// endpoints.
func BadZone(endpoint string) string {
	scheme, address, isURL := strings.Cut(endpoint, "://")
	if !isURL {
		scheme, address = "http", endpoint
	}
	before, zone, found := strings.Cut(address, "%")
	if !found || !isIPv6(strings.TrimPrefix(before, "[")) || strings.HasPrefix(zone, "25") {
		return ""
	}
	return "in a URL, the % of an IPv6 zone is written %25; did you mean " + scheme + "://" + before + "%25" + zone + "?"
}
