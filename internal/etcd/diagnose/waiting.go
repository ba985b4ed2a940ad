package diagnose

import (
	"errors"
	"net"
	"strings"
)

// Waiting describes in a few words what a request waits for: for a connection, or for a
// response. In the second case the words are those that are given, unless they are empty.
func (d *Diagnosis) Waiting(words string) string {
	answering := d.attempts.answering()
	switch {
	case len(answering) == 0:
		return "Waiting for " + d.attempts.briefly()
	case words != "":
		return words
	}
	return "Waiting for the answer of " + strings.Join(answering, ", ")
}

// briefly returns why the endpoints cannot be reached, without advice.
func (a *attempts) briefly() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := make([]string, len(a.endpoints))
	for i, endpoint := range a.endpoints {
		all[i] = endpoint + ": " + a.states[addressOf(endpoint)].briefly()
	}
	return strings.Join(all, "; ")
}

// briefly describes the state of an endpoint in a few words.
func (s *state) briefly() string {
	switch {
	case s != nil && s.err != nil:
		if lookup, ok := errors.AsType[*net.DNSError](s.err); ok && lookup.IsNotFound {
			return "no such host"
		}
		return innermost(s.err)
	case s != nil && s.resolving:
		return "the name server does not answer"
	case s != nil && s.connected:
		return "connected, no answer"
	}
	return "no answer"
}
