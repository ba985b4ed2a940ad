package etcd

import (
	"strings"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/secret"
)

// DestinationOf returns the options of a second cluster, to which the command
// writes: it is at endpoints, and what has no flag of its own there is as in o.
func (o *Options) DestinationOf(endpoints []string, identity *Options) *Options {
	d := *identity
	d.destination, d.unreadLogins = true, nil
	d.Endpoints, d.InsecureDiscovery, d.Debug, d.DebugLog = endpoints, true, o.Debug, o.DebugLog
	d.DialTimeout, d.CommandTimeout = o.DialTimeout, o.CommandTimeout
	d.KeepAliveTime, d.KeepAliveTimeout = o.KeepAliveTime, o.KeepAliveTimeout
	d.Changes = o.Changes
	d.MaxRequestBytes, d.MaxRecvBytes = o.MaxRequestBytes, o.MaxRecvBytes
	return &d
}

// AddDestinationFlags binds to flags what a destination has of its own. All but
// the file of the password are etcdctl's.
func (o *Options) AddDestinationFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.Cert, "dest-cert", "", "certificate `file` that identifies this client to the destination")
	fs.StringVar(&o.Key, "dest-key", "", "private key `file` of that certificate")
	fs.StringVar(&o.CACert, "dest-cacert", "", "`file` of the certificate authorities that vouch for the destination")
	fs.BoolVar(&o.InsecureTransport, "dest-insecure-transport", true, "talk without TLS to a destination that does not ask for it")
	fs.StringVar(&o.User, "dest-user", "", "who you are at the destination: `name[:password]` (asks for a password that is not given)")
	fs.StringVar(&o.Password, "dest-password", "", "password of --dest-user, which is then a name alone")
	secret.FileVar(fs, &o.PasswordFile, "dest-password-file", "`file` whose first line is the password of --dest-user (-: standard input)")
}

// question is what a missing password is asked for with.
func (o *Options) question() string {
	if o.destination {
		return "Destination Password: "
	}
	return "Password: "
}

// named makes the text of an error call the options by the names of their flags.
func (o *Options) named(err error) error {
	if err == nil || !o.destination {
		return err
	}
	return &destinationError{err}
}

// destinationError is an error of a destination, whose flags have other names.
type destinationError struct{ err error }

func (e *destinationError) Error() string { return namedForDestination(e.err.Error()) }

func (e *destinationError) Unwrap() error { return e.err }

func namedForDestination(text string) string {
	return strings.NewReplacer(
		"--user, --auth-jwt-token", "--dest-user",
		"--user", "--dest-user",
		"--password", "--dest-password",
		"--cacert", "--dest-cacert",
		"--cert", "--dest-cert",
		"--key", "--dest-key",
		"--endpoints", "the destination",
	).Replace(text)
}
