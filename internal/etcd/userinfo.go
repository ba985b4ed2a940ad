package etcd

import (
	"slices"
	"strings"

	"github.com/ectl-io/ectl/internal/exit"
)

// WithoutUserInfo returns endpoint without a login in it, as a URL may have one
// before its host, and says whether there was one. Whatever stands before the
// last @ counts: a password may hold an @ or a slash itself.
func WithoutUserInfo(endpoint string) (string, bool) {
	at := strings.LastIndexByte(endpoint, '@')
	if at < 0 || strings.HasPrefix(endpoint, "unix:") || strings.HasPrefix(endpoint, "unixs:") {
		return endpoint, false
	}
	host := endpoint[at+1:]
	for _, scheme := range []string{"http://", "https://"} {
		if strings.HasPrefix(endpoint, scheme) {
			return scheme + host, true
		}
	}
	return host, true
}

// RefuseUserInfo is an error if one of the URLs that flag gives has a login in
// it. The error does not show it.
func RefuseUserInfo(flag string, urls []string, advice string) error {
	for _, url := range urls {
		if _, found := WithoutUserInfo(url); found {
			host := url[strings.LastIndexByte(url, '@')+1:]
			if end := strings.IndexAny(host, "/?#"); end >= 0 {
				host = host[:end]
			}
			return exit.BadArgsf("--%s has user info before %s: %s", flag, host, advice)
		}
	}
	return nil
}

// checkEndpoints refuses endpoints with a login in them: gRPC does not use it,
// and whatever shows an endpoint would show it.
func (o *Options) checkEndpoints() error {
	if err := RefuseUserInfo(FlagEndpoints, slices.Concat(o.Endpoints, o.unreadLogins), "give a login with --user"); err != nil {
		return err
	}
	if err := RefuseUserInfo(flagDiscoverySRV, []string{o.DiscoverySRV}, "give a login with --user"); err != nil {
		return err
	}
	return RefuseUserInfo(flagDiscoverySRVName, []string{o.DiscoverySRVName}, "give a login with --user")
}

// Shown returns the value of the flag name as a log may show it: that of a flag
// which holds a secret is only said to be there.
func (o *Options) Shown(name, value string) string {
	hidden := Secret(name)
	switch name {
	case FlagEndpoints, flagDiscoverySRV, flagDiscoverySRVName:
		hidden = o.checkEndpoints() != nil
	}
	if hidden && value != "" {
		return "(set)"
	}
	return value
}
