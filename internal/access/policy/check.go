package policy

import (
	"fmt"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/internal/suggest"
)

// Checker checks assertions against a state that does not change.
type Checker struct {
	state   access.State
	decider *access.Decider
	users   []string
	hints   int // how many more hints noUser may add
}

// NewChecker returns a Checker for s.
func NewChecker(s access.State) *Checker {
	return &Checker{state: s, decider: s.Decider(), hints: maxHints}
}

// maxRanges is the maximum number of ranges in a reason.
const maxRanges = 3

// Check reports whether the assertion holds. If it does not, why contains the reason.
// An assertion about a user that does not exist never holds, because the name may be
// misspelled.
func (c *Checker) Check(a Assertion) (why string, holds bool) {
	if _, ok := c.state.Users[a.User]; !ok {
		return c.noUser(a.User), false
	}
	effective := c.decider.Effective(a.User)
	if !a.Cannot {
		if effective.Allows(a.Access, a.Range) {
			return "", true
		}
		key, missing := effective.FirstMissing(a.Access, a.Range)
		return fmt.Sprintf("%s cannot %s %s", a.User, missing, access.Range{Key: key}), false
	}
	for _, kind := range a.Access.Kinds() {
		common, more := effective.Keys(kind).Within(a.Range, maxRanges)
		if common.IsEmpty() {
			continue
		}
		why = fmt.Sprintf("%s can %s %s", a.User, kind, common)
		if more > 0 {
			why += " and " + quantity.Of(more, "more range")
		}
		if grant, found := c.decider.GrantOn(a.User, kind, a.Range); found {
			why += fmt.Sprintf(" by the role %s (%s)", grant.Role, grant.Permission)
		}
		return why, false
	}
	return "", true
}

// noUser returns the reason for a user that does not exist, with a hint if a similar
// name exists.
func (c *Checker) noUser(name string) string {
	why := "there is no user " + quoted(name)
	if c.hints > 0 {
		c.hints--
		if c.users == nil {
			c.users = c.state.UserNames()
		}
		if hint := suggest.Hint(name, c.users); hint != "" {
			why += "; " + hint
		}
	}
	return why
}
