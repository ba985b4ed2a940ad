package diagnose

import (
	"strings"
)

// Explanation is the explanation of an error, for the documents. Words in capitals stand
// for what depends on the case.
type Explanation struct {
	Message string
	Cause   string
	Remedy  string
}

// Explanations returns the explanations of the errors of servers.
func Explanations() []Explanation { return documented(explanations()) }

// Failures returns the explanations of connections that fail.
func Failures() []Explanation {
	flags := Flags{Endpoints: "--endpoints", Login: "--user, --auth-jwt-token", CACert: "--cacert", Cert: "--cert", Key: "--key"}
	all := []Explanation{{"no such host HOST", "the name server does not know the host", "check " + flags.Endpoints}}
	all = append(all, documented(failures(&flags))...)
	for _, state := range []string{noNameServer, silent, noAnswer, notEtcd} {
		before, after, found := strings.Cut(state, "; ")
		if !found {
			before, after, _ = strings.Cut(state, ": ")
			all = append(all, Explanation{Message: before, Cause: after})
			continue
		}
		all = append(all, Explanation{Message: before, Remedy: after})
	}
	return all
}

func documented(explanations []explanation) []Explanation {
	var all []Explanation
	for _, e := range explanations {
		for _, message := range e.messages {
			if message != "" {
				all = append(all, Explanation{Message: message, Cause: e.cause, Remedy: e.remedy})
			}
		}
	}
	return all
}

// MalformedExamples returns endpoints that no client can connect to.
func MalformedExamples() []string {
	return []string{
		"", "etcd1", "etcd1:", "etcd1:2379 etcd2:2379", "http:/etcd1:2379", "htp://etcd1:2379",
		"http://http://etcd1:2379", "etcd1:2379/path", "::1", "[::1:2379", "etcd1:port", "etcd1:70000",
	}
}
