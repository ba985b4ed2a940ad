package etcd

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/ectl-io/ectl/internal/exit"
)

// WithoutUserInfo returns endpoint without a login, and reports whether it may contain
// one. A login may precede the host, or be in a query or a fragment. Everything before
// the last @ counts, because a password may contain @ or a slash.
func WithoutUserInfo(endpoint string) (string, bool) {
	if isSocket(endpoint) {
		return socketWithoutUserInfo(endpoint)
	}
	bare := endpoint
	if ats := separators(endpoint, "@"); len(ats) > 0 {
		bare = endpoint[ats[len(ats)-1].end:]
		if scheme := schemeOf(endpoint); strings.HasPrefix(endpoint[len(scheme):], "://") && (scheme == "http" || scheme == "https") {
			bare = scheme + "://" + bare
		}
	}
	if ends := separators(bare, "?#"); len(ends) > 0 {
		bare = bare[:ends[0].start]
	}
	return bare, bare != endpoint
}

// socketWithoutUserInfo is WithoutUserInfo for unix:PATH and unix://PATH. Only
// NAME:PASSWORD@ is a login there. An absolute path may contain an @, and the name of an
// abstract socket begins with one.
func socketWithoutUserInfo(endpoint string) (string, bool) {
	scheme, path, _ := strings.Cut(endpoint, ":")
	scheme += ":"
	if rest, found := strings.CutPrefix(path, "//"); found {
		scheme, path = scheme+"//", rest
	}
	ats := separators(path, "@")
	if strings.HasPrefix(path, "/") || len(ats) == 0 {
		return endpoint, false
	}
	last := ats[len(ats)-1]
	if len(separators(path[:last.start], ":")) == 0 {
		return endpoint, false
	}
	return scheme + path[last.end:], true
}

// span is the part of a text from start to before end, in bytes.
type span struct{ start, end int }

// separators returns the positions in text of each of chars, which may be
// percent-encoded once or several times. The percent sign of an IPv6 zone encodes no
// character.
func separators(text, chars string) []span {
	var found []span
	for i := range len(text) {
		char, end := text[i], i+1
		if char == '%' && !beginsZone(text, i) {
			for strings.HasPrefix(text[end:], "25") {
				end += 2
			}
			if code, err := strconv.ParseUint(text[end:min(end+2, len(text))], 16, 8); err == nil {
				char, end = byte(code), min(end+2, len(text))
			}
		}
		if strings.IndexByte(chars, char) >= 0 {
			found = append(found, span{i, end})
		}
	}
	return found
}

// beginsZone reports whether the percent sign at index i of text follows an IPv6
// address, as in [fe80::1%40].
func beginsZone(text string, i int) bool {
	bracket := strings.LastIndexByte(text[:i], '[')
	return bracket >= 0 && net.ParseIP(text[bracket+1:i]) != nil
}

// RefuseUserInfo returns an error with the status BadArgs if one of the URLs of flag may
// contain a login. The error shows no part of the URL, because even the apparent host
// may be a secret.
func RefuseUserInfo(flag string, urls []string, advice string) error {
	if slices.ContainsFunc(urls, hasUserInfo) {
		return userInfoIn("--"+flag, advice)
	}
	return nil
}

func hasUserInfo(url string) bool {
	_, found := WithoutUserInfo(url)
	return found
}

func userInfoIn(option, advice string) error {
	return exit.BadArgsf("%s has a URL with user info, a query or a fragment: %s", option, advice)
}

// checkEndpoints refuses endpoints with a login. gRPC does not use it, and messages that
// name the endpoint would show it.
func (o *Options) checkEndpoints() error {
	advice := "give a login with " + o.flag(FlagUser)
	if len(o.unreadLogins) > 0 || slices.ContainsFunc(o.Endpoints, hasUserInfo) {
		return userInfoIn(o.flags().Endpoints, advice)
	}
	if err := RefuseUserInfo(FlagDiscoverySRV, []string{o.DiscoverySRV}, advice); err != nil {
		return err
	}
	return RefuseUserInfo(flagDiscoverySRVName, []string{o.DiscoverySRVName}, advice)
}

// Shown returns the value of the flag name as a log may show it. If the flag contains a
// secret, it returns "(set)".
func (o *Options) Shown(name, value string) string {
	hidden := Secret(name)
	switch name {
	case FlagEndpoints, FlagDiscoverySRV, flagDiscoverySRVName:
		hidden = o.checkEndpoints() != nil
	}
	if hidden && value != "" {
		return "(set)"
	}
	return value
}
