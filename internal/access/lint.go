package access

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Severity is how bad a finding is.
type Severity int

// The severities. Low is untidy, Medium is often not what was meant, High gives
// access that few should have.
const (
	Low Severity = iota + 1
	Medium
	High
)

// SeverityNames are the names that ParseSeverity knows, the worst first.
func SeverityNames() []string { return []string{High.String(), Medium.String(), Low.String()} }

// ParseSeverity returns the severity called high, medium or low.
func ParseSeverity(name string) (Severity, error) {
	for _, s := range []Severity{High, Medium, Low} {
		if s.String() == name {
			return s, nil
		}
	}
	return 0, fmt.Errorf("unknown severity %q; it is high, medium or low", name)
}

// String is the name that ParseSeverity takes.
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

// Rule is one of the things that Lint looks for.
type Rule struct {
	Name     string
	Severity Severity
	Finds    string // what it finds, in a few words
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

// Rules lists what Lint looks for, the worst first.
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
		{ruleUnheldRole, Low, "roles that nobody holds"},
		{ruleEmptyRole, Low, "roles without grants"},
		{ruleUserWithoutRole, Low, "users without roles"},
	}
}

// Finding is something that Lint found.
type Finding struct {
	Rule     Rule
	Object   string       // what it was found on: "role app" or "user bob"
	Grants   []Permission // of the role, that it is about, if any
	Why      string       // a sentence
	Commands [][]string   // that mend it, one after another: arguments of the program
	Waived   string       // the reason why it is to stay, empty where it is not
}

// Lint looks at who may do what for things that are dangerous, not what was
// meant, or untidy. The findings come the worst first, and then by object.
func Lint(s State) []Finding {
	l := linter{state: s, rules: map[string]Rule{}, holders: s.Holders()}
	for _, rule := range Rules() {
		l.rules[rule.Name] = rule
	}
	for _, name := range s.UserNames() {
		l.user(s.Users[name])
	}
	for _, name := range s.RoleNames() {
		l.role(s.Roles[name])
	}
	order := map[string]int{}
	for i, rule := range Rules() {
		order[rule.Name] = i
	}
	slices.SortStableFunc(l.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Rule.Severity, a.Rule.Severity), cmp.Compare(order[a.Rule.Name], order[b.Rule.Name]), cmp.Compare(a.Object, b.Object))
	})
	return l.findings
}

// Waiver says that findings are to stay: those of a rule on an object, "role
// app", or on one grant of it, "role app: read key /a".
type Waiver struct{ Rule, Object, Reason string }

// Waive marks those of findings that waivers are for, and returns the waivers
// that are for none.
func Waive(findings []Finding, waivers []Waiver) (unused []Waiver) {
	for _, w := range waivers {
		used := false
		for i := range findings {
			if f := &findings[i]; f.Rule.Name == w.Rule && (f.Object == w.Object || slices.Contains(f.named(), w.Object)) {
				f.Waived, used = w.Reason, true
			}
		}
		if !used {
			unused = append(unused, w)
		}
	}
	return unused
}

// named returns the names of the grants that the finding is about.
func (f Finding) named() []string {
	var names []string
	for _, p := range f.Grants {
		names = append(names, f.Object+": "+p.String())
	}
	return names
}

// linter collects findings.
type linter struct {
	state    State
	rules    map[string]Rule
	holders  map[string][]string // of roles
	findings []Finding
}

func (l *linter) user(u User) {
	object := "user " + u.Name
	if slices.Contains(u.Roles, RootRole) && u.Name != RootUser {
		l.add(ruleRootHolder, object, nil, "it may do everything, users and roles included",
			CommandArgs("user revoke-role", nil, u.Name, RootRole))
	}
	if len(u.Roles) == 0 {
		l.add(ruleUserWithoutRole, object, nil, "it may log in and do nothing", CommandArgs("user delete", nil, u.Name))
	}
}

func (l *linter) role(r Role) {
	if r.Name == RootRole {
		return // nothing of it counts but its name
	}
	object := "role " + r.Name
	if len(l.holders[r.Name]) == 0 {
		l.add(ruleUnheldRole, object, nil, "nobody holds it: what it grants waits for somebody to be given it", CommandArgs("role delete", nil, r.Name))
	}
	if len(r.Permissions) == 0 {
		l.add(ruleEmptyRole, object, nil, "it grants nothing, so that holding it says nothing", CommandArgs("role delete", nil, r.Name))
	}
	l.everyKey(object, r)
	superfluous := l.superfluous(object, r)
	for i, p := range r.Permissions {
		if !p.Range.IsEveryKey() {
			l.oneGrant(object, r.Name, p)
		}
		if !superfluous[i] {
			l.adjacent(object, r, i, superfluous)
		}
	}
	l.writeOnly(object, r)
}

// everyKey finds what allows something on every key: one grant, or several
// together.
func (l *linter) everyKey(object string, r Role) {
	var found Access
	for _, p := range r.Permissions {
		if p.Range.IsEveryKey() && p.counts() {
			found |= p.Access
			l.add(ruleWholeKeySpace, object, []Permission{p}, fmt.Sprintf("whoever holds it may %s every key, those included that come later", p.Access.verb()),
				RevokeArgs(r.Name, p.Range))
		}
	}
	e := roleEffective(r)
	var together Access
	for _, kind := range ReadWrite.Kinds() {
		if e.Keys(kind).IsEveryKey() && !found.Has(kind) {
			together |= kind
		}
	}
	if together != 0 {
		l.add(ruleWholeKeySpace, object, nil, fmt.Sprintf("its grants together allow to %s every key, those included that come later", together.verb()))
	}
}

// roleEffective returns what the role alone allows.
func roleEffective(r Role) Effective {
	s := NewState()
	s.Roles[r.Name] = r
	s.Users[""] = User{Roles: []string{r.Name}}
	return s.Effective("")
}

// oneGrant finds what is wrong with a grant by itself.
func (l *linter) oneGrant(object, role string, p Permission) {
	key, end := p.Range.Key, p.Range.End
	prefix := p.Range.IsPrefix()
	grants := []Permission{p}
	if string(end) == OpenEnd && !prefix {
		l.add(ruleOpenEnded, object, grants, fmt.Sprintf("it goes on behind %s to the end of the key space, over everything that sorts there now or later", describe(key)),
			RevokeArgs(role, p.Range))
	}
	if prefix && goesOn(key) {
		narrow := Permission{Access: p.Access, Range: PrefixRange(append(bytes.Clone(key), separator(key)))}
		l.add(ruleSibling, object, grants, fmt.Sprintf("it also covers %s%s", describe(append(bytes.Clone(key), '2')), l.siblings(key)),
			GrantArgs(role, narrow), RevokeArgs(role, p.Range))
	}
	if bytes.ContainsRune(key, '*') || bytes.ContainsRune(end, '*') {
		why := "etcd has no wildcards: the * is a character like any other"
		var commands [][]string
		if literal, rest, _ := bytes.Cut(key, []byte("*")); len(literal) > 0 && len(rest) == 0 && len(end) == 0 {
			commands = append(commands, GrantArgs(role, Permission{Access: p.Access, Range: PrefixRange(literal)}))
			why += "; a prefix was probably meant"
		}
		l.add(ruleWildcard, object, grants, why, append(commands, RevokeArgs(role, p.Range))...)
	}
}

// goesOn says whether the last name in the key may go on, because it ends with
// a letter or digit and not with something that separates names.
func goesOn(key []byte) bool {
	last, _ := utf8.DecodeLastRune(key)
	return utf8.Valid(key) && isName(last)
}

func isName(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// separator returns what probably separates names in the key.
func separator(key []byte) byte {
	for _, b := range []byte("/.:") {
		if bytes.IndexByte(key, b) >= 0 {
			return b
		}
	}
	return '/'
}

// siblings names up to three places that grants of other ranges show to be
// beside the prefix without separator, not below it.
func (l *linter) siblings(prefix []byte) string {
	found := map[string]bool{}
	for _, name := range l.state.RoleNames() {
		for _, p := range l.state.Roles[name].Permissions {
			rest, below := bytes.CutPrefix(p.Range.Key, prefix)
			if next, _ := utf8.DecodeRune(rest); below && isName(next) {
				found[p.Range.String()] = true
			}
		}
	}
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	slices.Sort(names)
	switch n := len(names); {
	case n == 0:
		return ""
	case n > 3:
		return fmt.Sprintf(", and there are grants on %s and %d more", strings.Join(names[:3], ", "), n-3)
	}
	return ", and there are grants on " + strings.Join(names, ", ")
}

// superfluous finds grants that change nothing, and returns which of the
// role's these are.
func (l *linter) superfluous(object string, r Role) []bool {
	is := make([]bool, len(r.Permissions))
	for i, p := range r.Permissions {
		if !p.counts() {
			continue
		}
		var others []Permission // that are not superfluous themselves
		var wider *Permission
		duplicate := false
		for j, o := range r.Permissions {
			if i == j || is[j] || !o.counts() {
				continue
			}
			same := SetOf(o.Range).Equal(SetOf(p.Range))
			more, less := o.Access.Has(p.Access), p.Access.Has(o.Access)
			if same && less && (!more || i < j) {
				continue // of two on the same keys that which grants more stays, or else the first
			}
			others = append(others, o)
			switch {
			case same:
				duplicate = duplicate || more || j < i
			case o.Access.Has(p.Access) && SetOf(o.Range).Contains(p.Range) && (wider == nil || o.Access != p.Access):
				wider = &r.Permissions[j]
			}
		}
		switch e := roleEffective(Role{Name: r.Name, Permissions: others}); {
		case duplicate:
			mend := once(r, p)
			if !slices.ContainsFunc(others, func(o Permission) bool { return o.Range.Equal(p.Range) }) {
				mend = without(r, i) // the other one is in another notation
			}
			is[i] = e.Allows(p.Access, p.Range)
			l.add(ruleDuplicate, object, []Permission{p}, "the role has another grant on the same range, and both count: the server keeps the old one at times when a grant is changed",
				mend...)
		case wider != nil && wider.Access != p.Access:
			l.add(ruleNarrower, object, []Permission{p, *wider}, fmt.Sprintf("it restricts nothing: %s of the same role still counts, and nothing can be denied", wider),
				without(r, i)...)
			is[i] = true
		case e.Allows(p.Access, p.Range):
			why := "other grants of the role cover it"
			if wider != nil {
				why = fmt.Sprintf("%s of the same role covers it", wider)
			}
			l.add(ruleShadowed, object, []Permission{p}, why, without(r, i)...)
			is[i] = true
		}
	}
	return is
}

// without returns the commands after which the role does not have the i-th of
// its permissions. Revoking takes all that are on the same range, in the same
// notation: the others are granted again.
func without(r Role, i int) [][]string {
	p := r.Permissions[i]
	left := Permission{Range: p.Range}
	for j, o := range r.Permissions {
		if i != j && o.Range.Equal(p.Range) {
			left.Access |= o.Access
		}
	}
	commands := [][]string{RevokeArgs(r.Name, p.Range)}
	if left.Access != 0 {
		commands = append(commands, GrantArgs(r.Name, left))
	}
	return commands
}

// once returns the commands that make one grant of those on the range of p.
func once(r Role, p Permission) [][]string {
	for _, o := range r.Permissions {
		if o.Range.Equal(p.Range) {
			p.Access |= o.Access
		}
	}
	return [][]string{RevokeArgs(r.Name, p.Range), GrantArgs(r.Name, p)}
}

// adjacent finds grants behind the i-th that go on where it ends, or in it,
// with the same access.
func (l *linter) adjacent(object string, r Role, i int, superfluous []bool) {
	p := r.Permissions[i]
	for j, o := range r.Permissions {
		if j <= i || superfluous[j] || o.Access != p.Access || !o.counts() || !p.counts() {
			continue
		}
		joint := SetOf(p.Range, o.Range).Ranges()
		if len(joint) != 1 {
			continue
		}
		one := Permission{Access: p.Access, Range: joint[0]}
		l.add(ruleAdjacent, object, []Permission{p, o}, fmt.Sprintf("together they are %s", one),
			slices.Concat([][]string{GrantArgs(r.Name, one)}, without(r, i), without(r, j))...)
	}
}

// writeOnly finds what a role lets be written and neither it nor the other
// roles of one of its holders let be read.
func (l *linter) writeOnly(object string, r Role) {
	write := roleEffective(r).Write
	blind := write.Difference(roleEffective(r).Read)
	if blind.IsEmpty() {
		return
	}
	if holders := l.holders[r.Name]; len(holders) > 0 {
		var some Set
		for _, holder := range holders {
			some = some.Union(blind.Difference(l.state.Effective(holder).Read))
		}
		blind = some
	}
	for _, p := range r.Permissions {
		if p.Access == Write && p.counts() && blind.Touches(p.Range) {
			l.add(ruleWriteOnly, object, []Permission{p}, "what is written there cannot be read by who writes it: a put that asks for the previous value, or a comparison, is denied",
				GrantArgs(r.Name, Permission{Access: ReadWrite, Range: p.Range}))
		}
	}
}

func (l *linter) add(rule, object string, grants []Permission, why string, commands ...[]string) {
	l.findings = append(l.findings, Finding{Rule: l.rules[rule], Object: object, Grants: grants, Why: why, Commands: commands})
}

// verb is the access in a sentence.
func (a Access) verb() string {
	if a == ReadWrite {
		return "read and write"
	}
	return a.String()
}
