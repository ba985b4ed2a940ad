package shell

import (
	"context"
	"slices"
	"strings"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/etcd"
)

// beforeGrant returns the permissions of the role that gets another one. A grant replaces
// the permission for the same keys.
func (s *shell) beforeGrant(ctx context.Context, path string, words []string) []access.Permission {
	if path != "role grant-permission" {
		return nil
	}
	described := s.describe(words)
	at := slices.IndexFunc(words, func(word string) bool { return !strings.HasPrefix(word, "-") })
	var role string
	for i := max(at, 0); i < len(words); i++ {
		if described.Kinds[i] == Argument && role == "" {
			role = words[i]
		}
	}
	var before []access.Permission
	_ = s.own().Do(ctx, func(ctx context.Context, client *etcd.Client) error {
		response, err := client.RoleGet(ctx, role)
		if err == nil {
			for _, permission := range response.Perm {
				before = append(before, reader.Permission(permission))
			}
		}
		return err
	})
	return before
}

// noteUndo keeps the commands that take back what a command has changed of users, roles and
// permissions.
func (s *shell) noteUndo(path string, inner *cli.Factory, before []access.Permission) {
	group, _, _ := strings.Cut(path, " ")
	if !slices.Contains([]string{"user", "role", "rbac", "auth"}, group) {
		return
	}
	if undo, changed := inner.Undo(before); changed {
		s.taken = undo
	}
}

// undo is the command \undo. The commands become the next text to be typed.
func (s *shell) undo(context.Context, []string) error {
	if len(s.taken.Lines) == 0 {
		reason := s.taken.Reason
		if reason != "" {
			reason = ": " + reason
		}
		return invalid(`\undo: no command takes back the last change of users, roles and grants%s`, reason)
	}
	s.initial = strings.Join(s.taken.Lines, "\n")
	return nil
}
