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

// getCertOptions holds the arguments and flags of "user get-cert". The command creates
// one of three results: a certificate with a new key, a certificate for the key of a
// request (CSR), or a request.
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
	CSROut       string // file for a request to another authority
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
		Short: "Create a client certificate for a user",
		Long: `Create a client certificate whose common name is the user's name. A server with
--client-cert-auth identifies the user by it. The authority in --ca-cert and
--ca-key signs it. It is valid for clients only, and gets a new private key.

With --csr, the public key comes from a certificate signing request. Nothing
else of the request is used. With --csr-out, only a key and a request are
created, for an authority elsewhere to sign.

The files are written completely or not at all. Only the owner can read the key.
No file is replaced without --force. A replaced file keeps its owner, its mode
and the symbolic links to it. If a run was killed, the next run with the same
files completes or undoes it, and removes its temporary files.

With --renew-before, an existing certificate of the user in --out-file is kept
while it is valid for longer. Otherwise it is replaced. This suits cron jobs.

The new certificate is tried on the server. If the server would not accept it, a
warning gives the reason.`,
		Example: `  # Create a key and a certificate.
  ectl user get-cert app --out-file app.crt --out-key-file app.key \
    --ca-cert ca.crt --ca-key ca.key
  # Replace it if it expires within 30 days.
  ectl user get-cert app --out-file app.crt --out-key-file app.key \
    --ca-key ca.key --renew-before 30d
  # Sign a request from another machine.
  ectl user get-cert app --create --csr app.csr --out-file app.crt \
    --ca-key ca.key --ttl 30d
  # Use an encrypted key of the authority.
  openssl pkey -in encrypted.key | ectl user get-cert app --ca-key - \
    --out-file app.crt --out-key-file app.key`,
		Args:              cli.Args(1, 1, "a user name"),
		RunE:              cli.Run(f, opts, runGetCert),
		ValidArgsFunction: completions.Args(f, completions.Users),
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.CertFile, flagOutFile, "", "`file` for the certificate")
	flags.StringVar(&opts.KeyFile, flagOutKeyFile, "", "`file` for its private key")
	flags.StringVar(&opts.CACert, flagCACert, "", "`file` with the certificate of the signing authority (default: --"+etcd.FlagCACert+")")
	flags.StringVar(&opts.CAKey, flagCAKey, "", "`file` with the private key of the authority (-: standard input)")
	keyTypes().AddFlag(cmd, &opts.KeyType, "`kind` of the private key")
	flags.Var((*days)(&opts.TTL), flagTTL, "validity of the certificate, a `duration` such as 90d or 12h")
	flags.StringArrayVar(&opts.Organization, flagOrg, nil, "`organization` (O) in the subject of the certificate; repeatable")
	flags.StringVar(&opts.CSR, flagCSR, "", "`file` with a signing request: sign its key instead of a new one (-: standard input)")
	flags.StringVar(&opts.CSROut, flagCSROut, "", "`file` for a signing request: create it and its key instead of a certificate")
	flags.Var((*days)(&opts.RenewBefore), flagRenewBefore, "keep the existing certificate while it is valid for longer than this `duration`")
	flags.BoolVar(&opts.Force, flagForce, false, "replace existing files")
	flags.BoolVar(&opts.Create, flagCreate, false, "add the user, without a password, if it does not exist")
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

// validate refuses contradictory options. given reports whether an option was given.
func (o *getCertOptions) validate(given func(string) bool) error {
	if o.Name == "" {
		return errNoUserName()
	}
	if err := access.CheckName("user", o.Name); err != nil { // before a key is generated
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
			return exit.BadArgsf("--%s cannot be combined with --%s", name, mode)
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

// isSamePath reports whether two paths from the command line name the same file. Links
// are detected when the files are written.
func isSamePath(one, other string) bool {
	return one != "" && other != "" && filepath.Clean(one) == filepath.Clean(other)
}

func (o *getCertOptions) validateValues(given func(string) bool) error {
	if _, err := keyTypes().Parse(o.KeyType); err != nil {
		return err
	}
	switch {
	case isSamePath(o.CertFile, o.KeyFile), isSamePath(o.CSROut, o.KeyFile):
		return exit.BadArgsf("both files have the same path %s: choose another path for one of them", o.KeyFile)
	case o.TTL <= 0:
		return exit.BadArgsf("--%s must be positive", flagTTL)
	case given(flagRenewBefore) && o.RenewBefore <= 0:
		return exit.BadArgsf("--%s must be positive", flagRenewBefore)
	case o.RenewBefore >= o.TTL:
		return exit.BadArgsf("--%s must be less than --%s: otherwise every run would replace the certificate", flagRenewBefore, flagTTL)
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

// days is a duration with a unit for days, for example 90d, 1d12h or 36h.
type days time.Duration

// Set implements pflag.Value.
func (d *days) Set(text string) error {
	count, rest, found := strings.Cut(text, "d")
	if !found && text != "" {
		count, rest = "0", text
	}
	n, err := strconv.ParseUint(count, 10, 16)
	if err != nil {
		return errors.New("want a duration such as 90d, 1d12h or 36h")
	}
	var more time.Duration
	if rest != "" {
		if more, err = time.ParseDuration(rest); err != nil || more < 0 {
			return errors.New("want a duration such as 90d, 1d12h or 36h")
		}
	}
	if n > 100*365 || more > 100*365*day {
		return errors.New("want at most a hundred years")
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
