package diagnose

import (
	"crypto/tls"
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
		return noNameServer
	case s != nil && s.connected:
		return silent
	}
	return noAnswer
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
