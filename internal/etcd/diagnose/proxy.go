package diagnose

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
)

// proxied reports whether the environment makes gRPC connect to address through a proxy.
func proxied(address string) bool {
	proxy, err := proxyOf(address)
	return err != nil || proxy != nil
}

func proxyOf(address string) (*url.URL, error) {
	return http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: "https", Host: address}})
}

// throughProxy adds to the reason of a failed connection that it goes through a proxy of
// the environment. The proxy may be the cause of any failure.
func (a *attempts) throughProxy(reason string) string {
	var hosts []string
	proxy := ""
	for _, endpoint := range a.endpoints {
		address := addressOf(endpoint)
		if address == "" || !proxied(address) {
			continue
		}
		if u, err := proxyOf(address); err == nil {
			proxy = " " + u.Scheme + "://" + u.Host // without a login
		}
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			host = address
		}
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	if len(hosts) == 0 {
		return reason
	}
	return fmt.Sprintf("%s; the connection goes through the proxy%s of the variable %s: to connect without it, add %s to no_proxy",
		reason, proxy, proxyVariable(), strings.Join(hosts, ","))
}

// proxyVariable returns the variable that names the proxy. Like net/http, it prefers
// capitals.
func proxyVariable() string {
	const capitals = "HTTPS_PROXY"
	if os.Getenv(capitals) != "" {
		return capitals
	}
	return strings.ToLower(capitals)
}

// meaningOfProxy describes gRPC's text about a connection through a proxy. A response of
// the proxy is reduced to its status.
func meaningOfProxy(text string) string {
	if answer := regexp.MustCompile(`response: "+HTTP/[0-9.]+ ([0-9]+[^\\"]*)`).FindStringSubmatch(text); answer != nil {
		says := "the proxy refused with " + strings.TrimSpace(answer[1])
		if strings.HasPrefix(answer[1], "407") {
			says += ", it wants a login in its URL, http://NAME:PASSWORD@HOST:PORT"
		}
		return says
	}
	switch {
	case strings.Contains(text, "malformed HTTP"):
		return "the proxy does not answer as an HTTP proxy does"
	case strings.Contains(text, "reading server HTTP response"):
		return "the proxy closed the connection"
	}
	return text
}
