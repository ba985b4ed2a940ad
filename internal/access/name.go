package access

import "fmt"

// MaxName is the maximum length of the name of a user or a role, in bytes. The
// servers store a name as a key of their database, which takes no longer ones.
const MaxName = 32768

// CheckName refuses a name that no server survives: each member stops when it
// stores a longer name than MaxName, and again whenever it is started. kind is
// whose name it is, "user" or "role". Servers check everything else about names.
func CheckName(kind, name string) error {
	if len(name) > MaxName {
		return fmt.Errorf("the name of the %s has %d bytes and the maximum is %d: a longer one stops every member of the cluster for good", kind, len(name), MaxName)
	}
	return nil
}
