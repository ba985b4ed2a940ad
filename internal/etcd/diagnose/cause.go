package diagnose

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"syscall"
)

// answering returns the endpoints that have spoken HTTP/2.
func (a *attempts) answering() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var answering []string
	for _, endpoint := range a.endpoints {
		if s := a.states[addressOf(endpoint)]; s != nil && s.answered {
			answering = append(answering, endpoint)
		}
	}
	return answering
}

// reason returns why the endpoints cannot be reached. If one of them has answered, it
// returns otherwise.
func (a *attempts) reason(otherwise string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.answered {
		return otherwise
	}
	return a.causes()
}

// causes returns why the endpoints cannot be reached. It groups those with the same
// cause. The caller holds a.mu.
func (a *attempts) causes() string {
	endpoints := map[string][]string{}
	var order []string
	for _, endpoint := range a.endpoints {
		cause := a.malformed[endpoint]
		if cause == "" {
			cause = a.states[addressOf(endpoint)].cause(&a.flags)
			if first := a.endpoints[0]; a.mixes(endpoint) {
				cause = innermost(a.states[addressOf(endpoint)].err) + ": the first endpoint, " + first + ", decides for all whether TLS is used; give the same scheme for all"
			}
		}
		if endpoints[cause] == nil {
			order = append(order, cause)
		}
		endpoints[cause] = append(endpoints[cause], endpoint)
	}
	for i, cause := range order {
		order[i] = strings.Join(endpoints[cause], ", ") + ": " + cause
	}
	return strings.Join(order, "; ")
}

// mixes reports whether a connection failed because its endpoint has another scheme than
// the first one. The caller holds a.mu.
func (a *attempts) mixes(endpoint string) bool {
	s := a.states[addressOf(endpoint)]
	if s == nil || s.err == nil {
		return false
	}
	var record tls.RecordHeaderError
	return errors.Is(s.err, errSpeaksTLS) && strings.HasPrefix(endpoint, "https://") ||
		(errors.Is(s.err, errSpeaksPlain) || errors.As(s.err, &record)) && strings.HasPrefix(endpoint, "http://")
}

// cause describes the state of the endpoint, and what it means.
func (s *state) cause(flags *Flags) string {
	switch {
	case s != nil && s.err != nil:
		return meaning(s.err, flags)
	case s != nil && s.resolving:
		return "the name server does not answer, so that the address of the host is unknown; check this machine's name servers"
	case s != nil && s.connected:
		return "accepts connections and then says nothing: it may be stopped or overloaded"
	}
	return "no answer: the host is down or a firewall drops the packets"
}

// meaning describes the error of a connection: its text, what that means and what to do.
func meaning(err error, flags *Flags) string {
	says := innermost(err)
	var (
		lookup    *net.DNSError
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		plain     tls.RecordHeaderError
		network   net.Error
	)
	switch {
	case errors.Is(err, errSpeaksHTTP), lacksALPN(err):
		return notEtcd
	case errors.Is(err, errSpeaksTLS):
		return says + ": use https:// endpoints"
	case errors.Is(err, errSpeaksPlain):
		return says + ": use http:// endpoints"
	case errors.As(err, &plain):
		return says + ": the server does not speak TLS: use http:// endpoints"
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return "no such host " + lookup.Name + ": check " + flags.Endpoints
	case errors.As(err, &lookup) && lookup.IsTimeout:
		return says + ": the name server does not answer; check this machine's name servers"
	case errors.As(err, &lookup):
		return says + ": the name server does not know the host; check " + flags.Endpoints
	case errors.As(err, &authority):
		return says + ": the authority of the server's certificate is not trusted; give it with " + flags.CACert
	case errors.As(err, &name):
		if c := name.Certificate; c != nil && len(c.DNSNames) == 0 && len(c.IPAddresses) == 0 {
			return says + ": the server's certificate has no names (subject alternative names); issue one that has the host's name or IP address"
		}
		return says + ": the server's certificate is for other names; use one of them in " + flags.Endpoints
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return says + ": the server's certificate has expired, or the clock here is wrong"
	case isAlert(err):
		return says + meaningOfAlert(says, flags)
	case errors.Is(err, syscall.ECONNREFUSED):
		return says + ": nothing listens there; check that etcd is running, and check " + flags.Endpoints
	case hungUp(err):
		return says + ": the server hung up"
	case errors.As(err, &network) && network.Timeout():
		return says + ": the host is down or a firewall drops the packets"
	}
	return says
}

// meaningOfAlert explains a TLS alert about the client certificate.
func meaningOfAlert(says string, flags *Flags) string {
	switch {
	case strings.Contains(says, "certificate required"):
		return ": the server wants a client certificate; give " + flags.Cert + " and " + flags.Key
	case strings.Contains(says, "bad certificate"):
		return ": the server refuses the client certificate, which must allow client authentication (extended key usage), or wants one; check " + flags.Cert + " and " + flags.Key + ""
	case strings.Contains(says, "unknown certificate authority"):
		return ": the server does not trust the authority of the client certificate; check " + flags.Cert
	}
	return ""
}

// innermost returns the text of err without the operation and the address, which the
// endpoint already shows.
func innermost(err error) string {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	return err.Error()
}
