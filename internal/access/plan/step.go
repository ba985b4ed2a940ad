package plan

import (
	"fmt"

	"github.com/ectl-io/ectl/internal/access"
)

// Verb is the action of a step. Each is one request of the API.
type Verb string

// The verbs.
const (
	AddRole     Verb = "add role"
	DeleteRole  Verb = "delete role"
	GrantKeys   Verb = "grant permission"
	RevokeKeys  Verb = "revoke permission"
	AddUser     Verb = "add user"
	DeleteUser  Verb = "delete user"
	SetPassword Verb = "set password"
	GrantRole   Verb = "grant role"
	RevokeRole  Verb = "revoke role"
)

// Step is one request.
type Step struct {
	Verb       Verb
	Role, User string
	Permission access.Permission // of GrantKeys and RevokeKeys
	NoPassword bool              // of AddUser

	// Needs lists the indexes of the steps of the same stage that must be done
	// earlier.
	Needs []int
}

// String returns a description such as "grant readwrite prefix /a/ to role app".
func (s Step) String() string {
	switch s.Verb {
	case AddRole, DeleteRole:
		return fmt.Sprintf("%s %s", s.Verb, s.Role)
	case GrantKeys:
		return fmt.Sprintf("grant %s to role %s", s.Permission, s.Role)
	case RevokeKeys:
		return fmt.Sprintf("revoke %s from role %s", s.Permission.Range, s.Role)
	case GrantRole:
		return fmt.Sprintf("grant role %s to user %s", s.Role, s.User)
	case RevokeRole:
		return fmt.Sprintf("revoke role %s from user %s", s.Role, s.User)
	case SetPassword:
		return "set the password of user " + s.User
	case AddUser, DeleteUser:
	}
	return fmt.Sprintf("%s %s", s.Verb, s.User)
}

// Stage is a list of steps that may run concurrently and in any order, except for
// their Needs. A stage starts after the previous stage has ended.
type Stage []Step
