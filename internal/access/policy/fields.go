package policy

// Names of the fields of a policy file. Both the parser and the schema use these
// lists.
const (
	fieldAPIVersion = "apiVersion"
	fieldRoles      = "roles"
	fieldUsers      = "users"
	fieldExpect     = "expect"
	fieldWaive      = "waive"
	fieldAccess     = "access"
	fieldKey        = "key"
	fieldPrefix     = "prefix"
	fieldRange      = "range"
	fieldFrom       = "from"
	fieldAll        = "all"
	fieldPassword   = "password"
	fieldRule       = "rule"
	fieldObject     = "object"
	fieldReason     = "reason"

	// base64Suffix ends the names of the fields for keys that are not text.
	base64Suffix = "_base64"
)

func documentFields() []string {
	return []string{fieldAPIVersion, fieldRoles, fieldUsers, fieldExpect, fieldWaive}
}

// keyFields returns the fields of a permission that select keys.
func keyFields() []string {
	return []string{fieldKey, fieldPrefix, fieldRange, fieldFrom}
}

func permissionFields() []string {
	fields := []string{fieldAccess, fieldAll}
	for _, name := range keyFields() {
		fields = append(fields, name, name+base64Suffix)
	}
	return fields
}

func userFields() []string { return []string{fieldRoles, fieldPassword} }

func passwordFields() []string {
	return []string{string(Env), string(File), string(Command), string(Generate)}
}

func waiverFields() []string { return []string{fieldRule, fieldObject, fieldReason} }
