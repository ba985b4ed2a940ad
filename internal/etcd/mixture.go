package etcd

import (
	"slices"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/ectl-io/ectl/internal/exit"
)

// RefuseMixture is an error if the dialer's clients log in and the login would
// go unencrypted to one of endpoints, each of which is dialled by itself, while
// others of them or of the dialer's own have TLS.
func (d *Dialer) RefuseMixture(endpoints []string) error {
	if d.auth == nil {
		return nil
	}
	return d.options.named(d.options.mixture(endpoints, slices.Concat(endpoints, d.Endpoints)))
}

// refuseMixture is an error if a login is given for endpoints of both kinds. A
// list with http:// and https:// is one, in whatever order. An endpoint without a
// scheme is talked to as the first one is: it only counts if that has no TLS.
func (o *Options) refuseMixture(endpoints []string) error {
	if o.User == "" && !o.hasToken() {
		return nil
	}
	dialled := endpoints[:1]
	if speaksTLS(endpoints[0], o.tlsConfigured()) {
		dialled = slices.DeleteFunc(slices.Clone(endpoints), func(e string) bool { return !strings.HasPrefix(e, "http:") })
	}
	return o.mixture(dialled, endpoints)
}

// mixture is an error if one of the dialled endpoints has no TLS and one of the
// known ones has.
func (o *Options) mixture(dialled, known []string) error {
	plain, secure := mixed(dialled, known, o.tlsConfigured())
	if plain == "" {
		return nil
	}
	advice := "give endpoints of https:// only"
	if o.DiscoverySRV != "" {
		advice += ", or --insecure-discovery=false"
	}
	return exit.BadArgsf("%s has no TLS and %s has: no login is sent to such a mixture of --endpoints; %s", plain, secure, advice)
}

// mixed returns one of the dialled endpoints without TLS, and one of the known
// ones with it, if there are both. A socket of this machine is neither.
func mixed(dialled, known []string, configured bool) (plain, secure string) {
	local := func(endpoint string) bool {
		return strings.HasPrefix(endpoint, "unix:") || strings.HasPrefix(endpoint, "unixs:")
	}
	p := slices.IndexFunc(dialled, func(e string) bool { return !local(e) && !speaksTLS(e, configured) })
	s := slices.IndexFunc(known, func(e string) bool { return !local(e) && speaksTLS(e, configured) })
	if p < 0 || s < 0 {
		return "", ""
	}
	plain, _ = WithoutUserInfo(dialled[p])
	secure, _ = WithoutUserInfo(known[s])
	return plain, secure
}

// holdsPassword says whether a request holds a password.
func holdsPassword(request any) bool {
	switch r := request.(type) {
	case *pb.AuthUserAddRequest:
		return r.Password != "" || r.HashedPassword != ""
	case *pb.AuthUserChangePasswordRequest:
		return r.Password != "" || r.HashedPassword != ""
	case *pb.AuthenticateRequest:
		return true
	}
	return false
}

// refuseInTheClear is an error if the request holds a password and would go
// unencrypted to the first of several endpoints, of which others have TLS.
func (t *trace) refuseInTheClear(request any) error {
	if !holdsPassword(request) {
		return nil
	}
	endpoints := t.config.Endpoints
	plain, secure := mixed(endpoints[:1], endpoints, t.config.TLS != nil)
	if plain == "" {
		return nil
	}
	return exit.BadArgsf("%s has no TLS and %s has: no password is sent to such a mixture of --endpoints; give endpoints of https:// only", plain, secure)
}
