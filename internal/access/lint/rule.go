package lint

// Severity is the severity of a finding. A larger value is more severe.
type Severity int

// The severities. Low means untidy. Medium means probably not intended. High means
// access that few users should have.
const (
	Low Severity = iota + 1
	Medium
	High
)

// Severities returns all severities, the highest first.
func Severities() []Severity { return []Severity{High, Medium, Low} }

// String returns the name, for example "high".
func (s Severity) String() string {
	switch s {
	case High:
		return "high"
	case Medium:
		return "medium"
	case Low:
	}
	return "low"
}

// Rule describes one of the checks of Find.
type Rule struct {
	Name     string
	Severity Severity
	Finds    string // what it finds, as a short phrase
}

// Names of the rules.
const (
	ruleRootHolder      = "root-holder"
	ruleWholeKeySpace   = "whole-key-space"
	ruleOpenEnded       = "open-ended"
	ruleSibling         = "prefix-without-separator"
	ruleWildcard        = "wildcard"
	ruleNarrower        = "narrower-grant"
	ruleDuplicate       = "duplicate-grant"
	ruleShadowed        = "shadowed-grant"
	ruleAdjacent        = "adjacent-grants"
	ruleWriteOnly       = "write-without-read"
	ruleUnheldRole      = "unheld-role"
	ruleEmptyRole       = "empty-role"
	ruleUserWithoutRole = "user-without-roles"
)

// Rules returns all rules, the most severe first.
func Rules() []Rule {
	return []Rule{
		{ruleRootHolder, High, "users besides root who hold the role root"},
		{ruleWholeKeySpace, High, "roles that allow something on every key"},
		{ruleOpenEnded, Medium, "grants on all keys from one on, without an end"},
		{ruleSibling, Medium, "prefixes without a separator at their end: /app also covers /app2"},
		{ruleWildcard, Medium, "a * in a key, which etcd takes for itself"},
		{ruleNarrower, Medium, "grants that look like exceptions to a wider one, and restrict nothing"},
		{ruleDuplicate, Medium, "several grants on the same range in one role"},
		{ruleShadowed, Low, "grants that others of the same role make superfluous"},
		{ruleAdjacent, Low, "grants of the same role that could be one, because they touch or overlap"},
		{ruleWriteOnly, Low, "keys that may be written and not read"},
		{ruleUnheldRole, Low, "roles that no user has"},
		{ruleEmptyRole, Low, "roles without grants"},
		{ruleUserWithoutRole, Low, "users without roles"},
	}
}
