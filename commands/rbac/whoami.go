package rbac

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// NewWhoAmICmd returns the command "whoami".
func NewWhoAmICmd(f *cli.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "whoami",
		Short: "Show your user, its roles and its access",
		Long: `Show as which user the cluster identifies you, and by what: a password, a token,
or the common name of a client certificate. Also show your roles, the keys that
you may read and write, and when the certificate or token expires. The command
needs no permission.

A user name with a password or a token takes precedence over a certificate.`,
		Example: `  # Show who a password logs in.
  ectl whoami --user alice
  # Show the user of a certificate.
  ectl whoami --cert alice.crt --key alice.key -w yaml`,
		GroupID: cli.GroupAuth,
		Args:    cli.NoArgs,
		RunE:    cli.Run(f, cli.NoOptions{}, runWhoAmI),
	}
	return cli.Extension(cli.FormatsOf(cmd, output.WhoAmI{}))
}

func runWhoAmI(ctx context.Context, f *cli.Factory, _ cli.NoOptions) error {
	dialer, err := f.Dialer(ctx)
	if err != nil {
		return err
	}
	self, err := dialer.Self()
	if err != nil {
		return err
	}
	client, err := f.Client(ctx)
	if err != nil {
		return err
	}
	answer := output.WhoAmI{User: self.User, By: string(self.By)}
	if self.Cert != nil {
		answer.Certificate = &output.CertificateInUse{Subject: self.Cert.Subject.String(), CommonName: self.Cert.Subject.CommonName, NotAfter: self.Cert.NotAfter}
	}
	snapshot, err := reader.ReadUser(ctx, client, f.Timeout, self.User)
	answer.Enabled = snapshot.Enabled
	switch {
	case err == nil:
		answer.Known, answer.Roles, answer.Effective = true, snapshot.Users[self.User].Roles, snapshot.Effective(self.User)
	case errors.Is(err, rpctypes.ErrUserEmpty):
		// Authentication is on, and no user was identified.
		answer.Enabled, answer.User = true, ""
	case errors.Is(err, rpctypes.ErrUserNotFound), errors.Is(err, rpctypes.ErrPermissionDenied) && self.User == "":
	default:
		return err
	}
	token := self.Token
	if self.By == etcd.ByPassword && answer.Enabled {
		if token, err = login(ctx, f, dialer, client); err != nil {
			return err
		}
	}
	if answer.Enabled && (self.By == etcd.ByPassword || self.By == etcd.ByToken) {
		answer.Token = &output.TokenInUse{JWT: token.JWT, Expiry: token.Expiry}
	}
	for _, warning := range selfWarnings(self, answer) {
		f.Warn(warning)
	}
	return f.Print(answer)
}

// login returns the kind of token that the server returns for the password.
func login(ctx context.Context, f *cli.Factory, dialer *etcd.Dialer, client *etcd.Client) (etcd.TokenInfo, error) {
	ctx, cancel := f.Timeout(ctx)
	defer cancel()
	return dialer.Login(ctx, client)
}

// selfWarnings returns warnings about probably unintended logins.
func selfWarnings(self etcd.Self, answer output.WhoAmI) []string {
	var warnings []string
	commonName := ""
	if self.Cert != nil {
		commonName = self.Cert.Subject.CommonName
	}
	switch {
	case commonName != "" && self.By == etcd.ByPassword:
		warnings = append(warnings, fmt.Sprintf("a password of %q and a certificate of %q are given: the server uses the password", self.User, commonName))
	case commonName != "" && self.By == etcd.ByToken:
		warnings = append(warnings, fmt.Sprintf("a token and a certificate of %q are given: the server uses the token", commonName))
	case self.Cert != nil && self.By == etcd.ByCertificate && commonName == "":
		warnings = append(warnings, "the certificate has no common name, so it identifies no user")
	case self.By == etcd.ByCertificate && answer.Enabled && answer.User == "":
		warnings = append(warnings, fmt.Sprintf("the server ignores the certificate of %q: it runs without --client-cert-auth, or behind a proxy", commonName))
	case self.By == etcd.ByCertificate && !answer.Known:
		warnings = append(warnings, fmt.Sprintf("the common name %q of the certificate is not a user: it has no access while authentication is on", commonName))
	}
	return warnings
}
