package diagnose

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"syscall"
)

// failures returns the explanations of connections that fail. The first that matches
// counts. Their texts follow the innermost text of the error.
func failures(flags *Flags) []explanation {
	alert := func(text string) func(error) bool {
		return func(err error) bool { return isAlert(err) && strings.Contains(innermost(err), text) }
	}
	is := func(target error) func(error) bool {
		return func(err error) bool { return errors.Is(err, target) }
	}
	const otherScheme = "the server does not speak TLS"
	return []explanation{
		recognised(is(errSpeaksTLS), "", "", "use https:// endpoints", errSpeaksTLS.Error()),
		recognised(is(errSpeaksPlain), "", "", "use http:// endpoints", errSpeaksPlain.Error()),
		recognised(isError[tls.RecordHeaderError], otherScheme, ": ", "use http:// endpoints", "tls: first record does not look like a TLS handshake"),
		recognised(isLookup(func(e *net.DNSError) bool { return e.IsTimeout }),
			"the name server does not answer", "; ", "check this machine's name servers", "lookup HOST: i/o timeout"),
		recognised(isLookup(func(*net.DNSError) bool { return true }),
			"the name server does not know the host", "; ", "check "+flags.Endpoints, "lookup HOST: server misbehaving"),
		recognised(isError[x509.UnknownAuthorityError],
			"the authority of the server's certificate is not trusted", "; ", "give it with "+flags.CACert,
			"tls: failed to verify certificate: x509: certificate signed by unknown authority"),
		recognised(hasNoNames,
			"the server's certificate has no names (subject alternative names)", "; ", "issue one that has the host's name or IP address",
			"tls: failed to verify certificate: x509: cannot validate certificate for ADDRESS because it doesn't contain any IP SANs"),
		recognised(isError[x509.HostnameError],
			"the server's certificate is for other names", "; ", "use one of them in "+flags.Endpoints,
			"tls: failed to verify certificate: x509: certificate is valid for NAMES, not NAME"),
		recognised(func(err error) bool {
			invalid, ok := errors.AsType[x509.CertificateInvalidError](err)
			return ok && invalid.Reason == x509.Expired
		}, "the server's certificate has expired, or the clock here is wrong", "", "",
			"tls: failed to verify certificate: x509: certificate has expired or is not yet valid"),
		recognised(isOfWrongUsage,
			"the server's certificate does not allow server authentication (extended key usage)", "; ", "issue one that does",
			"tls: failed to verify certificate: x509: certificate specifies an incompatible key usage"),
		recognised(alert("certificate required"),
			"the server wants a client certificate", "; ", "give "+flags.Cert+" and "+flags.Key+"; if this is etcd's peer port, use the client port", "tls: certificate required"),
		recognised(isError[noClientUsageError],
			"the client certificate does not allow client authentication (extended key usage)", "; ", "issue one that does, and give it with "+flags.Cert+" and "+flags.Key,
			"tls: bad certificate"),
		recognised(alert(alertBadCertificate),
			"the server refuses the client certificate, or wants one", "; ", "check "+flags.Cert+" and "+flags.Key,
			"tls: bad certificate"),
		recognised(alert("unknown certificate authority"),
			"the server does not trust the authority of the client certificate", "; ", "check "+flags.Cert, "tls: unknown certificate authority"),
		recognised(isAlert, "", "", ""), // its own text is all that is known
		recognised(is(syscall.ECONNREFUSED),
			"nothing listens there", "; ", "check that etcd is running, and check "+flags.Endpoints, syscall.ECONNREFUSED.Error()),
		recognised(hungUp, "the server hung up", "", "", "EOF", syscall.ECONNRESET.Error()),
		recognised(func(err error) bool {
			var network net.Error
			return errors.As(err, &network) && network.Timeout()
		}, "the host is down or a firewall drops the packets", "", "", "i/o timeout"),
	}
}

// The states of an endpoint without an error of its own.
const (
	noNameServer = "the name server does not answer, so that the address of the host is unknown; check this machine's name servers"
	silent       = "accepts connections and then says nothing: it may be stopped or overloaded"
	noAnswer     = "no answer: the host is down or a firewall drops the packets"
)

// meaning describes the error of a connection: its text, what that means and what to do.
func meaning(err error, flags *Flags) string {
	if errors.Is(err, errSpeaksHTTP) || lacksALPN(err) {
		return notEtcd
	}
	if lookup, ok := errors.AsType[*net.DNSError](err); ok && lookup.IsNotFound {
		return "no such host " + lookup.Name + ": check " + flags.Endpoints
	}
	says := innermost(err)
	for _, failure := range failures(flags) {
		if !failure.matches(err) {
			continue
		}
		if text := failure.text(); text != "" {
			says += ": " + text
		}
		break
	}
	return says
}

func isError[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// isLookup reports whether an error is one of a name server, and of the given kind.
func isLookup(kind func(*net.DNSError) bool) func(error) bool {
	return func(err error) bool {
		lookup, ok := errors.AsType[*net.DNSError](err)
		return ok && kind(lookup)
	}
}

// hasNoNames reports whether the certificate of a server has no name that is checked.
func hasNoNames(err error) bool {
	name, ok := errors.AsType[x509.HostnameError](err)
	return ok && name.Certificate != nil && len(name.Certificate.DNSNames) == 0 && len(name.Certificate.IPAddresses) == 0
}
