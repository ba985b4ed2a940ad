package etcd

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/secret"
)

// DestinationOf returns the options of a second cluster, to which the command writes.
// The cluster is at endpoints. identity has the options with destination flags of their
// own; the others are those of o.
func (o *Options) DestinationOf(endpoints []string, identity *Options) *Options {
	d := *identity
	d.prefix, d.unreadLogins = destinationPrefix, nil
	d.Endpoints, d.InsecureDiscovery, d.Debug, d.DebugLog = endpoints, true, o.Debug, o.DebugLog
	d.DialTimeout, d.CommandTimeout = o.DialTimeout, o.CommandTimeout
	d.KeepAliveTime, d.KeepAliveTimeout = o.KeepAliveTime, o.KeepAliveTimeout
	d.Changes, d.DryRun = o.Changes, o.DryRun
	d.MaxRequestBytes, d.MaxRecvBytes = o.MaxRequestBytes, o.MaxRecvBytes
	return &d
}

// AddDestinationFlags binds to flags the options that a destination has separately. All
// but --dest-password-file are etcdctl's.
func (o *Options) AddDestinationFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.Cert, destinationPrefix+FlagCert, "", "certificate `file` that identifies this client to the destination")
	fs.StringVar(&o.Key, destinationPrefix+FlagKey, "", "private key `file` of that certificate")
	fs.StringVar(&o.CACert, destinationPrefix+FlagCACert, "", "`file` of the certificate authorities that vouch for the destination")
	fs.BoolVar(&o.InsecureTransport, "dest-insecure-transport", true, "talk without TLS to a destination that does not ask for it")
	fs.StringVar(&o.User, destinationPrefix+FlagUser, "", "who you are at the destination: `name[:password]` (asks for a password that is not given)")
	fs.StringVar(&o.Password, destinationPrefix+FlagPassword, "", "`password` of --dest-user, which must then be a name only")
	secret.FileVar(fs, &o.PasswordFile, destinationPrefix+FlagPasswordFile, "`file` with the password of --dest-user in its first line (-: standard input)")
}

// question returns the prompt for a missing password.
func (o *Options) question() string {
	if o.prefix != "" {
		return "Destination Password: "
	}
	if o.Context != "" {
		return fmt.Sprintf("Password of %s in the context %s: ", o.User, o.Context)
	}
	return "Password: "
}
