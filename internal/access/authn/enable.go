// Package authn enables authentication. It verifies that the cluster can still be
// administered, and otherwise disables authentication again.
package authn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/access/rollback"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/session"
)

// EnableChecked enables authentication if the user of the session could then
// administer the cluster. It returns an error if that user would be locked out. If
// the user of the session is not root, it warns that root's login was not verified.
func EnableChecked(ctx context.Context, s *session.Session, report rollback.Report, warn func(string)) error {
	dialer, err := s.Dialer(ctx)
	if err != nil {
		return err
	}
	self, err := dialer.Self()
	if err != nil {
		return err
	}
	client, err := s.Client(ctx)
	if err != nil {
		return err
	}
	on, err := reader.Enabled(ctx, client, s.Timeout)
	if err != nil {
		return err
	}
	if on {
		if err := prove(ctx, s, s.Do); err != nil {
			return diagnose.WithOutcome(err, "authentication is already on")
		}
		return s.Do(ctx, Enable)
	}
	snapshot, err := reader.Read(ctx, client, s.Timeout)
	if err != nil {
		return err
	}
	if why := lockedOut(self, dialer.Secure(), snapshot.State); why != "" {
		return fmt.Errorf("authentication was not turned on: %s", why)
	}
	err = enableProven(ctx, s, s, report)
	if err == nil && self.User != access.RootUser {
		warn("whether root itself can log in was not tried: " + self.User + " can, and holds the role root")
	}
	return err
}

// lockedOut returns the reason why self could not administer the cluster with
// authentication on, or an empty string. It detects only what is visible while
// authentication is off.
func lockedOut(self etcd.Self, secure bool, state access.State) string {
	const say = "give --user, or the certificate of a user"
	if _, there := state.Users[access.RootUser]; !there {
		return "the user root does not exist: add it with \"user add root\", or use \"auth bootstrap\""
	}
	switch {
	case self.By == etcd.ByNothing:
		return "no user given: enabling authentication would lock you out; " + say
	case self.By == etcd.ByToken:
		return "the token is not valid once authentication is on: " + say
	case self.By == etcd.ByCertificate && !secure:
		return "the endpoints are used without TLS, so the certificate identifies no user: " + say
	case self.User == "":
		return "the certificate has no common name, so it identifies no user: " + say
	}
	user, there := state.Users[self.User]
	switch {
	case !there:
		return fmt.Sprintf("the user %s does not exist", self.User)
	case self.User != access.RootUser && !slices.Contains(user.Roles, access.RootRole):
		return fmt.Sprintf("the user %s does not hold the role root, so it could not administer the cluster", self.User)
	}
	return ""
}

// Enable enables authentication. The server returns ErrRootRoleNotExist in two cases:
// the role root does not exist, or the user root does not have it. Enable then adds
// and grants the role, and tries again. An error after one of these changes names the
// change.
func Enable(ctx context.Context, c *etcd.Client) error {
	_, err := c.AuthEnable(ctx)
	if !errors.Is(err, rpctypes.ErrRootRoleNotExist) {
		return err
	}
	var done []string
	switch _, err := c.RoleAdd(ctx, access.RootRole); {
	case err == nil:
		done = append(done, "the role root was added")
	case !errors.Is(err, rpctypes.ErrRoleAlreadyExist):
		return err
	}
	_, err = c.UserGrantRole(ctx, access.RootUser, access.RootRole)
	if err == nil {
		done = append(done, "the role root was granted to the user root")
		_, err = c.AuthEnable(ctx)
	}
	if err != nil && len(done) > 0 {
		err = diagnose.WithOutcome(err, strings.Join(done, "; "))
	}
	return err
}
