package etcd

import (
	"slices"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/ectl-io/ectl/internal/exit"
)

// RefuseMixture returns an error if the dialer's clients would send a login unencrypted
// to one of endpoints although another endpoint has TLS. Each of endpoints is dialled
// separately. The dialer's own endpoints count as other endpoints. The error has the
// status BadArgs.
func (d *Dialer) RefuseMixture(endpoints []string) error {
	if d.auth == nil {
		return nil
	}
	remote := slices.DeleteFunc(slices.Clone(endpoints), isSocket) // a socket of this machine exposes nothing
	return d.options.mixture(remote, slices.Concat(endpoints, d.Endpoints))
}

// refuseMixture returns an error if there is a login and only some of the endpoints have
// TLS.
func (o *Options) refuseMixture(endpoints []string) error {
	if o.User == "" && !o.hasToken() {
		return nil
	}
	return o.mixture(inTheClear(endpoints, o.tlsConfigured()), endpoints)
}

// inTheClear returns the endpoints of a client that count as without TLS. If the first
// one has none, the client uses no TLS for any of them. Otherwise it uses TLS for all of
// them, but those with http:// count as without. A command that dials each endpoint
// separately would use no TLS there. So the order of http:// and https:// does not
// matter. An endpoint without a scheme follows the first one.
func inTheClear(endpoints []string, configured bool) []string {
	if !speaksTLS(endpoints[0], configured) {
		return endpoints
	}
	return slices.DeleteFunc(slices.Clone(endpoints), func(e string) bool { return schemeOf(e) != "http" })
}

// mixture returns an error if one of the plain endpoints has no TLS and one of the known
// ones has.
func (o *Options) mixture(plain, known []string) error {
	without, with := mixed(plain, known, o.tlsConfigured())
	if without == "" {
		return nil
	}
	advice := "give endpoints of https:// only"
	if o.DiscoverySRV != "" {
		advice += ", or --insecure-discovery=false"
	}
	return exit.BadArgsf("%s has no TLS and %s has: no login is sent to such a mixture of %s; %s", without, with, o.flags().Endpoints, advice)
}

// mixed returns a plain endpoint without TLS and a known one with TLS, if both exist.
// Otherwise it returns empty strings.
func mixed(plain, known []string, configured bool) (without, with string) {
	p := slices.IndexFunc(plain, func(e string) bool { return !speaksTLS(e, configured) })
	s := slices.IndexFunc(known, func(e string) bool { return speaksTLS(e, configured) })
	if p < 0 || s < 0 {
		return "", ""
	}
	without, _ = WithoutUserInfo(plain[p])
	with, _ = WithoutUserInfo(known[s])
	return without, with
}

// holdsPassword reports whether a request contains a password or its hash.
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

// refuseInTheClear returns an error if the request contains a password and only some of
// the client's endpoints have TLS.
func (r *requests) refuseInTheClear(request any) error {
	if !holdsPassword(request) {
		return nil
	}
	return r.refusePassword()
}

// RefusePassword returns an error if only some of the client's endpoints have TLS, so
// that no password may be sent. The client refuses such requests anyway. A command with
// several requests calls RefusePassword before the first.
func (c *Client) RefusePassword() error {
	return c.requests.refusePassword()
}

func (r *requests) refusePassword() error {
	endpoints, configured := r.config.Endpoints, r.config.TLS != nil
	without, with := mixed(inTheClear(endpoints, configured), endpoints, configured)
	if without == "" {
		return nil
	}
	return exit.BadArgsf("%s has no TLS and %s has: no password is sent to such a mixture of %s; give endpoints of https:// only", without, with, r.flags.Endpoints)
}
