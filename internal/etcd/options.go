// Package etcd creates a client from the connection and login options of the user (flags,
// environment).
package etcd

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/secret"
)

// Options describes how to reach a cluster and as which user. Names, defaults and
// meanings are those of etcdctl 3.7.3's global flags. etcdctl has no PasswordFile and no
// TokenFile.
type Options struct {
	Endpoints []string

	DialTimeout      time.Duration // bounds the login
	CommandTimeout   time.Duration // bounds a short command, after the client is made
	KeepAliveTime    time.Duration
	KeepAliveTimeout time.Duration
	MaxRequestBytes  int // 0: 2 MiB
	MaxRecvBytes     int // 0: math.MaxInt32

	InsecureTransport     bool // no TLS unless another option requires it
	InsecureSkipTLSVerify bool
	Cert, Key, CACert     string // files

	DiscoverySRV      string // domain
	DiscoverySRVName  string // service name
	InsecureDiscovery bool   // accept endpoints without TLS

	User         string // NAME or NAME:PASSWORD
	Password     string
	PasswordFile string
	Token        string // JWT
	TokenFile    string

	// PasswordProgram prints the password. It may be nil.
	PasswordProgram *secret.Program

	// PrefersLogin makes a kept login of the user count, although there is a password.
	PrefersLogin bool

	// Context is the name of the context that the options come from, or empty.
	Context string

	Debug bool

	// DebugLog receives the client's log if Debug is set.
	DebugLog io.Writer

	// Impatient makes the first failed connection to an endpoint its last one. Otherwise
	// the clients connect again until the timeout, because the server may be restarting.
	Impatient bool

	// DryRun keeps the clients from sending changes. It is nil outside a dry run.
	DryRun *DryRun

	// Changes counts what the clients change. It may be nil.
	Changes *Changes

	login        keptLogin         // see UseLogin
	valueless    map[string]lost   // see Valueless
	prefix       string            // prefix of the identity's flags, see DestinationOf
	endpointsCut bool              // see Warnings
	unreadLogins []string          // see endpointList
	piped        map[string][]byte // see readFile
}

// Names of the flags that the code refers to.
const (
	FlagEndpoints = "endpoints"

	flagDialTimeout      = "dial-timeout"
	flagKeepAliveTime    = "keepalive-time"
	flagKeepAliveTimeout = "keepalive-timeout"
	flagMaxRequestBytes  = "max-request-bytes"
	flagMaxRecvBytes     = "max-recv-bytes"

	FlagDiscoverySRV     = "discovery-srv"
	flagDiscoverySRVName = "discovery-srv-name"
	FlagCert             = "cert"
	FlagKey              = "key"
	FlagCACert           = "cacert"
	FlagCommandTimeout   = "command-timeout"
	FlagPasswordFile     = "password-file"
	FlagTokenFile        = "auth-jwt-token-file"

	FlagUser     = "user"
	FlagPassword = "password"
	FlagToken    = "auth-jwt-token"
)

// destinationPrefix is the prefix of the flags of a destination.
const destinationPrefix = "dest-"

// Valueless records which options of the identity were given without a value, as a flag
// or an environment variable. A script does that if one of its variables is empty.
// variable returns the name of the variable of a flag if that is set and empty.
func (o *Options) Valueless(flags *pflag.FlagSet, variable func(flag string) string) {
	prefix := ""
	if flags.Lookup(destinationPrefix+FlagUser) != nil {
		prefix = destinationPrefix
	}
	o.valueless = map[string]lost{}
	for _, name := range []string{FlagUser, FlagPassword, FlagPasswordFile, FlagToken, FlagTokenFile, FlagCert, FlagKey, FlagCACert} {
		flag := flags.Lookup(prefix + name)
		switch {
		case flag == nil || flag.Value.String() != "":
		case flag.Changed:
			o.valueless[name] = lost{name: "--" + flag.Name}
		case variable(flag.Name) != "":
			o.valueless[name] = lost{name: variable(flag.Name), variable: true}
		}
	}
}

// lost describes how an option without a value was given.
type lost struct {
	name     string // of the flag with --, or of the variable
	variable bool
}

// AddFlags binds the options to flags.
func (o *Options) AddFlags(fs *pflag.FlagSet) {
	fs.StringSliceVar(&o.Endpoints, FlagEndpoints, []string{"127.0.0.1:2379"}, "comma-separated `addresses` of the members to talk to")
	list := fs.Lookup(FlagEndpoints)
	list.Value = endpointList{list.Value, &o.endpointsCut, &o.unreadLogins}
	fs.BoolVar(&o.Debug, "debug", false, "write the client's log to standard error, without secrets")

	fs.DurationVar(&o.DialTimeout, flagDialTimeout, 2*time.Second, "longest wait for the login")
	fs.DurationVar(&o.CommandTimeout, FlagCommandTimeout, 5*time.Second, "longest wait for the answer to a command, once connected")
	fs.DurationVar(&o.KeepAliveTime, flagKeepAliveTime, 2*time.Second, "idle time before a keep-alive ping is sent")
	fs.DurationVar(&o.KeepAliveTimeout, flagKeepAliveTimeout, 6*time.Second, "longest wait for the answer to such a ping")
	fs.IntVar(&o.MaxRequestBytes, flagMaxRequestBytes, 0, "largest request to send, in bytes (0: 2 MiB)")
	fs.IntVar(&o.MaxRecvBytes, flagMaxRecvBytes, 0, "largest response to accept, in bytes (0: 2 GiB)")

	fs.BoolVar(&o.InsecureTransport, "insecure-transport", true, "talk without TLS to endpoints that do not ask for it")
	fs.BoolVar(&o.InsecureDiscovery, "insecure-discovery", true, "accept endpoints without TLS from DNS discovery")
	fs.BoolVar(&o.InsecureSkipTLSVerify, "insecure-skip-tls-verify", false, "do not verify the server's certificate: any server is accepted (for tests only)")
	fs.StringVar(&o.Cert, FlagCert, "", "certificate `file` that identifies this client")
	fs.StringVar(&o.Key, FlagKey, "", "private key `file` of that certificate")
	fs.StringVar(&o.CACert, FlagCACert, "", "`file` of the certificate authorities that vouch for the server")

	fs.StringVar(&o.User, FlagUser, "", "who you are: `name[:password]` (asks for a password that is not given)")
	fs.StringVar(&o.Password, FlagPassword, "", "`password` of --user, which must then be a name only")
	secret.FileVar(fs, &o.PasswordFile, FlagPasswordFile, "`file` with the password of --user in its first line (-: standard input)")
	fs.StringVar(&o.Token, FlagToken, "", "JSON web `token` that identifies you, in place of --user")
	secret.FileVar(fs, &o.TokenFile, FlagTokenFile, "`file` with that token in its first line (-: standard input)")

	fs.StringVarP(&o.DiscoverySRV, FlagDiscoverySRV, "d", "", "`domain` with the SRV records of the endpoints")
	fs.StringVar(&o.DiscoverySRVName, flagDiscoverySRVName, "", "service `name` to look up there")
}

// CheckTimes refuses a timeout in which no server can answer. The error has the status of
// etcdctl's commands that use the timeout.
func (o *Options) CheckTimes() error {
	if o.CommandTimeout <= 0 {
		return fmt.Errorf("--%s %s: must be positive, for example 5s", FlagCommandTimeout, o.CommandTimeout)
	}
	return nil
}

// As returns the options with another identity: the user name, identified only by
// password. With an empty password, there is no user, or that of the client certificate.
func (o *Options) As(name, password string) *Options {
	other := *o
	other.User, other.Password = "", password
	other.PasswordFile, other.Token, other.TokenFile, other.valueless, other.login = "", "", "", nil, keptLogin{}
	other.PasswordProgram = nil
	if password != "" {
		other.User = name
	}
	return &other
}

// Fingerprint returns a text that is the same for all options that give the same client.
// It contains secrets.
func (o *Options) Fingerprint() string {
	k := *o
	k.DebugLog, k.Changes, k.valueless, k.unreadLogins, k.piped = nil, nil, nil, nil, nil
	program := ""
	if k.PasswordProgram != nil {
		program = k.PasswordProgram.Line + "\x00" + k.PasswordProgram.Helper + "\x00" + k.PasswordProgram.Key
		k.PasswordProgram = nil
	}
	return fmt.Sprintf("%#v %q", k, program)
}

// Inherit sets all options but the identity to those of from.
func (o *Options) Inherit(from *Options) {
	own := *o
	*o = *from
	o.takeIdentity(&own)
	o.valueless, o.login, o.Changes = nil, keptLogin{}, own.Changes
}

// takeIdentity sets the identity to that of from.
func (o *Options) takeIdentity(from *Options) {
	o.User, o.Password, o.PasswordFile, o.Token, o.TokenFile = from.User, from.Password, from.PasswordFile, from.Token, from.TokenFile
	o.PasswordProgram, o.PrefersLogin, o.login = from.PasswordProgram, from.PrefersLogin, from.login
}

// IdentityFlags returns the names of the flags that say who logs in.
func IdentityFlags() []string {
	return []string{FlagUser, FlagPassword, FlagPasswordFile, FlagToken, FlagTokenFile}
}

// InheritIdentity sets the identity to that of from, if no option of flags gives one.
func (o *Options) InheritIdentity(from *Options, flags *pflag.FlagSet) {
	if !slices.ContainsFunc(IdentityFlags(), flags.Changed) {
		o.takeIdentity(from)
	}
}

// NameUser makes name, who has no password yet, the identity.
func (o *Options) NameUser(name string) {
	o.takeIdentity(&Options{User: name})
}

// NamesOnlyUser reports whether the identity is a user without a password.
func (o *Options) NamesOnlyUser() bool {
	return o.User != "" && !o.hasToken() && !o.hasPassword() && !strings.Contains(o.User, ":")
}

// SecretFlags returns the flags whose values may contain a secret. --user may contain
// NAME:PASSWORD.
func SecretFlags() []string { return []string{FlagUser, FlagPassword, FlagToken} }

// Secret reports whether the value of the flag name must never be shown.
func Secret(name string) bool { return slices.Contains(SecretFlags(), name) }
