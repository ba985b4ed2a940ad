package commands

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/iostreams"
)

func TestMaskedLinesHaveNoSecrets(t *testing.T) {
	for _, test := range []struct{ name, line, want string }{
		{"nothing secret", "put key value --lease 1", "put key value --lease 1"},
		{"a password", "get k --user bob --password s3cret", "get k --user bob --password '***'"},
		{"after an equals sign", "get k --password=s3cret", "get k '--password=***'"},
		{"a login", "get k --user bob:s3:cret", "get k --user 'bob:***'"},
		{"a login after an equals sign", "get k --user=bob:s3cret", "get k '--user=bob:***'"},
		{"a token", "get k --auth-jwt-token s3cret", "get k --auth-jwt-token '***'"},
		{"a destination", "make-mirror h --dest-user bob:s3cret --dest-password s3cret", "make-mirror h --dest-user 'bob:***' --dest-password '***'"},
		{"a new user", "user add bob:s3cret", "user add 'bob:***'"},
		{"an abbreviated command", "us ad bob:s3cret", "us ad 'bob:***'"},
		{"a misspelt command", "--hex usr addd bob:s3cret", "--hex usr addd 'bob:***'"},
		{"a new password", "user add bob --new-user-password s3cret", "user add bob --new-user-password '***'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := cli.Masked(strings.Fields(test.line)); got != test.want {
				t.Errorf("Masked = %s, want %s", got, test.want)
			}
		})
	}
}

// A new option whose name says that it holds a secret must be masked, too.
func TestEveryOptionWithASecretIsMasked(t *testing.T) {
	root := NewRoot(cli.NewFactory("ectl", &iostreams.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}))
	seen := 0
	check := func(flag *pflag.Flag) {
		secret := slices.ContainsFunc([]string{"password", "token", "secret"}, func(word string) bool { return strings.Contains(flag.Name, word) })
		if !secret || flag.Value.Type() == "bool" || strings.HasSuffix(flag.Name, "-file") || strings.HasSuffix(flag.Name, "-out") {
			return
		}
		seen++
		if got := cli.Masked([]string{"--" + flag.Name, "s3cret"}); strings.Contains(got, "s3cret") {
			t.Errorf("--%s is shown with its value: %s", flag.Name, got)
		}
	}
	root.PersistentFlags().VisitAll(check)
	for _, cmd := range allCommands(root) {
		cmd.Flags().VisitAll(check)
	}
	if seen < 4 {
		t.Errorf("%d options hold a secret, want at least 4", seen)
	}
}

// allCommands returns cmd and all commands below it.
func allCommands(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, sub := range cmd.Commands() {
		all = append(all, allCommands(sub)...)
	}
	return all
}
