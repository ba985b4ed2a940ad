package user

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/pki"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/output"
)

// getCertOptions is what "user get-cert" was asked to make: a certificate with
// a new key, a certificate of the key of a request (CSR), or a request.
type getCertOptions struct {
	Name         string
	CertFile     string
	KeyFile      string
	CACert       string
	CAKey        string
	KeyType      string
	TTL          time.Duration
	Organization []string
	CSR          string // file of a request to sign
	CSROut       string // file for a request that somebody else is to sign
	RenewBefore  time.Duration
	Force        bool
	Create       bool
}

const (
	flagOutFile     = "out-file"
	flagOutKeyFile  = "out-key-file"
	flagCACert      = "ca-cert"
	flagCAKey       = "ca-key"
	flagKeyType     = "key-type"
	flagTTL         = "ttl"
	flagOrg         = "org"
	flagCSR         = "csr"
	flagCSROut      = "csr-out"
	flagRenewBefore = "renew-before"
	flagForce       = "force"
	flagCreate      = "create"
)

const (
	day        = 24 * time.Hour
	defaultTTL = 90 * day
)

func newGetCertCmd(f *cli.Factory) *cobra.Command {
	opts := &getCertOptions{KeyType: string(pki.ECDSAP256), TTL: defaultTTL}
	cmd := &cobra.Command{
		Use:   "get-cert NAME",
		Short: "Make a client certificate by which the server knows a user",
		Long: `Make a client certificate by which a server with --client-cert-auth knows the
user: its common name is the user's. It is signed by the authority in --ca-cert
and --ca-key, is good for clients only, and comes with a new private key.

With --csr the key is that of a request, of which nothing else is taken. With
--csr-out only a key and a request are made, for somebody else's authority.

The files are written whole or not at all, the key for its owner only, and no
file is replaced without --force. A file that is replaced keeps its owner, its
mode and the symbolic links that lead to it. If a run was killed, the next one
with the same files finishes or undoes it, and removes what it left. With
--renew-before nothing is done while the certificate in --out-file is the user's
and good for longer; otherwise it is replaced: that is for cron.

The new certificate is tried on the server. If it would not be accepted, there
is a warning that says why.`,
		Example: `  ectl user get-cert app --out-file app.crt --out-key-file app.key --ca-cert ca.crt --ca-key ca.key
  ectl user get-cert app --out-file app.crt --out-key-file app.key --ca-key ca.key --renew-before 30d
  ectl user get-cert app --create --csr app.csr --out-file app.crt --ca-key ca.key --ttl 30d
  openssl pkey -in encrypted.key | ectl user get-cert app --ca-key - --out-file app.crt --out-key-file app.key`,
		Args:              cli.Args(1, 1, "a user name"),
		RunE:              cli.Run(f, opts, runGetCert),
		ValidArgsFunction: completions.Args(f, completions.Users),
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.CertFile, flagOutFile, "", "`file` for the certificate")
	flags.StringVar(&opts.KeyFile, flagOutKeyFile, "", "`file` for its private key")
	flags.StringVar(&opts.CACert, flagCACert, "", "`file` with the certificate of the authority that signs (default: that of --"+etcd.FlagCACert+")")
	flags.StringVar(&opts.CAKey, flagCAKey, "", "`file` with the private key of the authority (-: standard input)")
	keyTypes().AddFlag(cmd, &opts.KeyType, "`kind` of the private key")
	flags.Var((*days)(&opts.TTL), flagTTL, "how long the certificate is valid, a `duration` such as 90d or 12h")
	flags.StringArrayVar(&opts.Organization, flagOrg, nil, "`organization` (O) in the certificate's subject; repeatable")
	flags.StringVar(&opts.CSR, flagCSR, "", "`file` with a request: sign its key in place of a new one (-: standard input)")
	flags.StringVar(&opts.CSROut, flagCSROut, "", "`file` for a request: make it and its key in place of a certificate")
	flags.Var((*days)(&opts.RenewBefore), flagRenewBefore, "do nothing while the certificate is valid for longer than this `duration`")
	flags.BoolVar(&opts.Force, flagForce, false, "replace files that exist")
	flags.BoolVar(&opts.Create, flagCreate, false, "add the user, without password, where it does not exist")
	return cli.FormatsOf(cmd, output.UserCertificate{})
}

// Complete implements cli.Options.
func (o *getCertOptions) Complete(f *cli.Factory, cmd *cobra.Command, args []string) error {
	o.Name = args[0]
	if err := o.validate(cmd.Flags().Changed); err != nil {
		return err
	}
	if o.CACert == "" {
		o.CACert = f.Connection.CACert
	}
	return nil
}

// validate refuses options that do not go together. given says whether an
// option was given.
func (o *getCertOptions) validate(given func(string) bool) error {
	if o.Name == "" {
		return errNoUserName()
	}
	if err := access.CheckName("user", o.Name); err != nil { // before a key is made
		return exit.With(exit.BadArgs, err)
	}
	needed := []string{flagOutFile, flagOutKeyFile, flagCAKey}
	var mode string
	var useless []string
	switch {
	case o.CSROut != "":
		mode = flagCSROut
		needed = []string{flagOutKeyFile}
		useless = []string{flagOutFile, flagCACert, flagCAKey, flagTTL, flagCSR, flagRenewBefore}
	case o.CSR != "":
		mode = flagCSR
		needed = []string{flagOutFile, flagCAKey}
		useless = []string{flagOutKeyFile, flagKeyType}
	}
	for _, name := range useless {
		if given(name) {
			return exit.BadArgsf("--%s has no meaning with --%s", name, mode)
		}
	}
	values := map[string]string{flagOutFile: o.CertFile, flagOutKeyFile: o.KeyFile, flagCAKey: o.CAKey}
	for _, name := range needed {
		if values[name] == "" {
			return exit.BadArgsf("give --%s", strings.Join(needed, ", --"))
		}
	}
	return o.validateValues(given)
}

// isSamePath says whether two paths that are given name one file. Links are found
// out when the files are written.
func isSamePath(one, other string) bool {
	return one != "" && other != "" && filepath.Clean(one) == filepath.Clean(other)
}

func (o *getCertOptions) validateValues(given func(string) bool) error {
	if _, err := keyTypes().Parse(o.KeyType); err != nil {
		return err
	}
	switch {
	case isSamePath(o.CertFile, o.KeyFile), isSamePath(o.CSROut, o.KeyFile):
		return exit.BadArgsf("the two files would be one: %s", o.KeyFile)
	case o.TTL <= 0:
		return exit.BadArgsf("--%s must be more than nothing", flagTTL)
	case given(flagRenewBefore) && o.RenewBefore <= 0:
		return exit.BadArgsf("--%s must be more than nothing", flagRenewBefore)
	case o.RenewBefore >= o.TTL:
		return exit.BadArgsf("every run would make a new certificate: --%s is not less than --%s", flagRenewBefore, flagTTL)
	case o.CSR == secret.Stdin && o.CAKey == secret.Stdin:
		return exit.BadArgsf("--%s and --%s cannot both be standard input", flagCSR, flagCAKey)
	}
	return nil
}

func keyTypes() cli.Choices[pki.KeyType] {
	choices := cli.Choices[pki.KeyType]{Flag: flagKeyType}
	for _, name := range pki.KeyTypes() {
		choices.Values = append(choices.Values, cli.Choice[pki.KeyType]{Name: name, Value: pki.KeyType(name)})
	}
	return choices
}

// days is a duration that may be given in days: 90d, 1d12h, 36h.
type days time.Duration

// Set implements pflag.Value.
func (d *days) Set(text string) error {
	count, rest, found := strings.Cut(text, "d")
	if !found && text != "" {
		count, rest = "0", text
	}
	n, err := strconv.ParseUint(count, 10, 16)
	if err != nil {
		return errors.New("it is a duration such as 90d, 1d12h or 36h")
	}
	var more time.Duration
	if rest != "" {
		if more, err = time.ParseDuration(rest); err != nil || more < 0 {
			return errors.New("it is a duration such as 90d, 1d12h or 36h")
		}
	}
	if n > 100*365 || more > 100*365*day {
		return errors.New("it is more than a hundred years")
	}
	*d = days(time.Duration(n)*day + more)
	return nil
}

// String implements pflag.Value.
func (d *days) String() string {
	if d == nil || *d == 0 {
		return ""
	}
	if duration := time.Duration(*d); duration%day == 0 {
		return fmt.Sprintf("%dd", duration/day)
	}
	return time.Duration(*d).String()
}

// Type implements pflag.Value.
func (*days) Type() string { return "duration" }
