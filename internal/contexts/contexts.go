// Package contexts keeps named sets of options, one for each cluster, in a file of the
// user. It never stores a password: it stores where the password comes from.
package contexts

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Context is a named set of options.
type Context struct {
	Name      string
	Protected bool // what destroys needs the name of the context

	// Options holds the values of global options, by their names. The options of the
	// identity belong to Login instead.
	Options map[string]string

	User  string // who logs in, or empty
	Login Login  // of User
	Users map[string]Login
}

// Login describes how a user logs in. At most one source of a password is set.
type Login struct {
	PasswordFile     string
	PasswordCommand  string // a line for the shell, which prints the password
	CredentialHelper string // a program of Docker's protocol, which returns the password
	TokenFile        string
	Cert, Key        string // client certificate of one of Users
}

// IsZero reports whether the login has no source of a secret.
func (l Login) IsZero() bool { return l == Login{} }

// HasSecret reports whether the login has a source of a password or token.
func (l Login) HasSecret() bool {
	return l.PasswordFile != "" || l.PasswordCommand != "" || l.CredentialHelper != "" || l.TokenFile != ""
}

// LoginOf returns how the user name logs in.
func (c *Context) LoginOf(name string) (login Login, known bool) {
	if c == nil {
		return Login{}, false
	}
	if name == c.User && name != "" {
		return c.Login, true
	}
	login, known = c.Users[name]
	return login, known
}

// UsesHelper reports whether a credential helper keeps a password of the context.
func (c *Context) UsesHelper() bool {
	for _, l := range c.Users {
		if l.CredentialHelper != "" {
			return true
		}
	}
	return c.Login.CredentialHelper != ""
}

// Key returns the name under which a credential helper keeps the password of a user.
func (c *Context) Key(user string) string { return "ectl://" + c.Name + "/" + user }

// File is the content of the file: all contexts, and the current one.
type File struct {
	Current  string // name, or empty
	Contexts []*Context
}

// Find returns the context called name, or nil.
func (f *File) Find(name string) *Context {
	for _, c := range f.Contexts {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Names returns the names of all contexts, in the order of the file.
func (f *File) Names() []string {
	names := make([]string, 0, len(f.Contexts))
	for _, c := range f.Contexts {
		names = append(names, c.Name)
	}
	return names
}

// Remove removes the context called name.
func (f *File) Remove(name string) {
	f.Contexts = slices.DeleteFunc(f.Contexts, func(c *Context) bool { return c.Name == name })
}

// Matching returns the contexts that match one of the patterns, in the order of the file.
// A pattern is a name with *, ? and [...], as in a shell. It is an error if a pattern
// matches no context.
func (f *File) Matching(patterns []string) ([]*Context, error) {
	used := map[string]bool{}
	var found []*Context
	for _, c := range f.Contexts {
		matches := false
		for _, pattern := range patterns {
			ok, err := path.Match(pattern, c.Name)
			if err != nil {
				return nil, fmt.Errorf("invalid pattern %q: %w", pattern, err)
			}
			matches = matches || ok
			used[pattern] = used[pattern] || ok
		}
		if matches {
			found = append(found, c)
		}
	}
	for _, pattern := range patterns {
		if !used[pattern] {
			return nil, fmt.Errorf("no context matches %q", pattern)
		}
	}
	return found, nil
}

// CheckName refuses a name that would need quotes, or that a pattern could be taken for.
func CheckName(name string) error {
	const alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	if name == "" || len(name) > maxName || strings.Trim(name, alphanumeric+"._@:+-") != "" || !strings.Contains(alphanumeric, name[:1]) {
		return errName
	}
	return nil
}

const maxName = 100

var errName = errors.New("the name of a context has letters, digits and the signs . _ @ : + -, and begins with a letter or digit")
