package etcd

import "github.com/ectl-io/ectl/internal/etcd/diagnose"

// flag spells an option of the identity as its user gives it: "--cert", or
// "--dest-cert" for the destination of a mirror.
func (o *Options) flag(name string) string { return "--" + o.prefix + name }

// flags spells the options of a client of o.
func (o *Options) flags() diagnose.Flags {
	flags := diagnose.Flags{
		Endpoints: "--" + FlagEndpoints, Login: o.flag(flagUser) + ", --" + flagToken,
		CACert: o.flag(FlagCACert), Cert: o.flag(FlagCert), Key: o.flag(FlagKey),
	}
	if o.prefix != "" { // it has no token, and an argument in place of --endpoints
		flags.Endpoints, flags.Login = "the destination", o.flag(flagUser)
	}
	return flags
}
