// Package policy reads and writes policy files: users, roles and permissions in a file
// that people review and programs apply. It does no I/O. It parses bytes, and only
// names the sources of passwords.
package policy

import (
	"strings"

	"github.com/ectl-io/ectl/internal/access"
)

// APIVersion is the version of the format, which every file names.
const APIVersion = "ectl/v1"

// SchemaURL is where the JSON Schema of the format is published.
const SchemaURL = "https://raw.githubusercontent.com/ectl-io/ectl/main/docs/policy.schema.json"

// Policy is what one or several policy files say.
type Policy struct {
	Roles   map[string]Role
	Users   map[string]User
	Expect  []Assertion
	Waivers []Waiver

	// SaysRoles and SaysUsers say whether any file has the field, if empty.
	SaysRoles, SaysUsers bool
}

// Role is a role with the permissions that it should have, in the order of the
// file.
type Role struct {
	Name        string
	Permissions []access.Permission
	At          Position
}

// User is a user with the roles that it should have, in the order of the file.
type User struct {
	Name     string
	Roles    []string
	Password Password
	At       Position
}

// Password says where the password of a user comes from.
type Password struct {
	Source Source
	// Name of the variable, path of the file, or command line for the shell.
	Value string
	At    Position
}

// Source is a kind of place that passwords come from.
type Source string

// The sources. Each but Unsaid and None is the name of a field in the file.
const (
	Unsaid   Source = ""         // the file says nothing
	None     Source = "none"     // the user has none: it is known by its certificate
	Env      Source = "env"      // an environment variable
	File     Source = "file"     // the first line of a file
	Command  Source = "command"  // the first line that a command prints
	Generate Source = "generate" // made when the user is created, and shown once
)

// String describes where the password comes from: "from the environment
// variable APP_PASSWORD". The name of a variable is shown if it is written as
// they are, and otherwise nothing that stands in the file: it may be the password
// itself, in the wrong place.
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
	case Unsaid:
	}
	return "password not said"
}

// Variable names the environment variable of the source Env, for people.
func (p Password) Variable() string {
	const signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
	if strings.Trim(p.Value, signs) == "" && strings.Trim(p.Value, "0123456789") == p.Value {
		return "the environment variable " + p.Value
	}
	return "an environment variable"
}

// Waiver says that a finding of lint is known and wanted.
type Waiver struct {
	Rule   string // name of lint's rule
	Object string // what it was found on, as lint names it: "role app"
	Reason string
	At     Position
}

// State returns the users and roles that the policy names, as if a cluster had
// nothing else. The role root is there where the policy names it or somebody
// holds it.
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
