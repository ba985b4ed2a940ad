// Package policy parses and encodes policy files: users, roles and permissions in a
// file that people review and programs apply. It does no I/O. It parses bytes, and it
// does not read the sources of passwords.
package policy

import (
	"strings"

	"github.com/ectl-io/ectl/internal/access"
)

// APIVersion is the version of the format. Every file must contain it.
const APIVersion = "ectl/v1"

// SchemaURL is the URL of the published JSON Schema of the format.
const SchemaURL = "https://raw.githubusercontent.com/ectl-io/ectl/main/docs/policy.schema.json"

// Policy is the content of one or several policy files.
type Policy struct {
	Roles   map[string]Role
	Users   map[string]User
	Expect  []Assertion
	Waivers []Waiver

	// HasRoles and HasUsers report whether any file has the field, even if it is
	// empty.
	HasRoles, HasUsers bool
}

// Role is a role with its desired permissions, in the order of the file.
type Role struct {
	Name        string
	Permissions []access.Permission
	At          Position
}

// User is a user with its desired roles, in the order of the file.
type User struct {
	Name     string
	Roles    []string
	Password Password
	At       Position
}

// Password describes the source of a user's password.
type Password struct {
	Source Source
	// The name of the variable, the path of the file, or the command line for the
	// shell.
	Value string
	At    Position
}

// Source is a kind of password source.
type Source string

// The sources. Each except NotGiven and None is also the name of a field in the file.
const (
	NotGiven Source = ""         // the file does not name a source
	None     Source = "none"     // no password: a certificate identifies the user
	Env      Source = "env"      // an environment variable
	File     Source = "file"     // the first line of a file
	Command  Source = "command"  // the first line that a command prints
	Generate Source = "generate" // generated when the user is created, and shown once
)

// String returns a description of the source, for example "password from the
// environment variable APP_PASSWORD". It contains the name of a variable only if
// Variable shows it. It contains no other text of the file: a misplaced text may be
// the password itself.
func (p Password) String() string {
	switch p.Source {
	case None:
		return "without password"
	case Env:
		return "password from " + p.Variable()
	case File:
		return "password from a file"
	case Command:
		return "password from a command"
	case Generate:
		return "with a generated password"
	case NotGiven:
	}
	return "password not said"
}

// Variable returns a description of the environment variable of the source Env. It
// contains the name only if the name has no characters except capital letters, digits
// and underscores. The name must also neither start nor end with a digit.
func (p Password) Variable() string {
	const signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
	if strings.Trim(p.Value, signs) == "" && strings.Trim(p.Value, "0123456789") == p.Value {
		return "the environment variable " + p.Value
	}
	return "an environment variable"
}

// Waiver accepts a finding of lint.
type Waiver struct {
	Rule   string // name of the rule of lint
	Object string // the object in the output of lint, for example "role app"
	Reason string
	At     Position
}

// State returns the users and roles of the policy, as a cluster that has only these.
// It contains the role root if the policy names it or a user holds it.
func (p Policy) State() access.State {
	s := access.NewState()
	for name, role := range p.Roles {
		s.Roles[name] = access.Role{Name: name, Permissions: role.Permissions}
	}
	for name, user := range p.Users {
		s.Users[name] = access.User{Name: name, Roles: user.Roles}
		for _, role := range user.Roles {
			if role == access.RootRole {
				s.Roles[role] = access.Role{Name: role}
			}
		}
	}
	return s
}
