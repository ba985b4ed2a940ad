package etcd

import "github.com/ectl-io/ectl/internal/etcd/diagnose"

// flag returns the flag of an identity option as the user types it: "--cert", or
// "--dest-cert" for the destination of a mirror.
func (o *Options) flag(name string) string { return "--" + o.prefix + name }

// flags returns the flags of a client of o, as the user types them.
func (o *Options) flags() diagnose.Flags {
	flags := diagnose.Flags{
		Endpoints: "--" + FlagEndpoints, Login: o.flag(FlagUser) + ", --" + FlagToken,
		CACert: o.flag(FlagCACert), Cert: o.flag(FlagCert), Key: o.flag(FlagKey),
	}
	if o.prefix != "" { // it has no token, and an argument in place of --endpoints
		flags.Endpoints, flags.Login, flags.Side = "the destination", o.flag(FlagUser), "the destination"
	}
	return flags
}
