package access

import "fmt"

// MaxName is the maximum length of the name of a user or a role, in bytes. The server
// stores a name as a database key, and longer keys are not possible.
const MaxName = 32768

// CheckName returns an error if name is longer than MaxName. Each member stops when
// it stores such a name, and again at each start. kind is "user" or "role". The
// servers check all other rules for names.
func CheckName(kind, name string) error {
	if len(name) > MaxName {
		return fmt.Errorf("the name of the %s has %d bytes and the maximum is %d: a longer one stops every member of the cluster for good", kind, len(name), MaxName)
	}
	return nil
}
