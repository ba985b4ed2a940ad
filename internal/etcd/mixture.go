package etcd

import (
	"slices"

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
	remote := slices.DeleteFunc(slices.Clone(endpoints), isSocket) // a socket of this machine exposes nothing
	return d.options.mixture(remote, slices.Concat(endpoints, d.Endpoints))
}

// refuseMixture is an error if a login is given for endpoints of both kinds.
func (o *Options) refuseMixture(endpoints []string) error {
	if o.User == "" && !o.hasToken() {
		return nil
	}
	return o.mixture(inTheClear(endpoints, o.tlsConfigured()), endpoints)
}

// inTheClear returns those of a client's endpoints that count as without TLS. If
// the first one has none, the client talks to all of them without it, whatever
// their schemes. Otherwise it talks TLS to all, but http:// asks for none, and a
// command that dials each by itself uses none there. So the order of http:// and
// https:// does not matter. An endpoint without a scheme follows the first one.
func inTheClear(endpoints []string, configured bool) []string {
	if !speaksTLS(endpoints[0], configured) {
		return endpoints
	}
	return slices.DeleteFunc(slices.Clone(endpoints), func(e string) bool { return schemeOf(e) != "http" })
}

// mixture is an error if one of the plain endpoints has no TLS and one of the
// known ones has.
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

// mixed returns one of the plain endpoints that has no TLS, and one of the known
// ones that has, if there are both.
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

// refuseInTheClear is an error if the request holds a password and the client's
// endpoints are a mixture.
func (r *requests) refuseInTheClear(request any) error {
	if !holdsPassword(request) {
		return nil
	}
	return r.refusePassword()
}

// RefusePassword is an error if no password may be sent with a request because
// the client's endpoints are a mixture. Such a request is refused in any case. A
// command that makes several requests asks before the first.
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
