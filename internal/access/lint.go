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
	l := newLinter(s)
	l.lint()
	return l.findings
}

func newLinter(s State) *linter {
	l := &linter{state: s, rules: map[string]Rule{}, holders: s.Holders(), beside: map[string]string{}, reads: map[string]Set{}}
	for _, rule := range Rules() {
		l.rules[rule.Name] = rule
	}
	for _, role := range s.Roles {
		for _, p := range role.Permissions {
			l.known = append(l.known, place{string(p.Range.Key), p.Range.String()})
		}
	}
	slices.SortFunc(l.known, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.description, b.description))
	})
	l.known = slices.Compact(l.known)
	return l
}

func (l *linter) lint() {
	s := l.state
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
}

// Waiver says that findings are to stay: those of a rule on an object, "role
// app", or on one grant of it, "role app: read key /a".
type Waiver struct{ Rule, Object, Reason string }

// Waive marks those of findings that waivers are for, and returns which of the
// waivers are for any.
func Waive(findings []Finding, waivers []Waiver) (used []bool) {
	found := map[[2]string][]int{} // by rule and object
	for i, f := range findings {
		for _, object := range f.objects() {
			on := [2]string{f.Rule.Name, object}
			found[on] = append(found[on], i)
		}
	}
	used = make([]bool, len(waivers))
	last := map[[2]string]string{} // reasons: of two waivers of the same the last one counts
	for i, w := range waivers {
		on := [2]string{w.Rule, w.Object}
		_, used[i] = found[on]
		last[on] = w.Reason
	}
	for _, w := range waivers {
		on := [2]string{w.Rule, w.Object}
		for _, i := range found[on] {
			findings[i].Waived = last[on]
		}
		delete(found, on) // done
	}
	return used
}

// objects returns the names of what a waiver of the finding may be for: the
// object, and the grants that it is about.
func (f Finding) objects() []string {
	names := []string{f.Object}
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
	known    []place             // what roles grant something on, by key
	beside   map[string]string   // by prefix: what siblings returned
	reads    map[string]Set      // by roles: what holding them lets be read
	findings []Finding

	steps int // how many pieces of the work were done, for tests
}

// place is a range that a role grants something on.
type place struct{ key, description string }

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
	e := roleEffective(r)
	l.everyKey(object, r, e)
	grants := newRoleGrants(r)
	superfluous := l.superfluous(object, grants)
	for _, p := range r.Permissions {
		if !p.Range.IsEveryKey() {
			l.oneGrant(object, r.Name, p)
		}
	}
	l.adjacent(object, grants, superfluous)
	l.writeOnly(object, r, e)
	l.steps += grants.steps()
}

// everyKey finds what allows something on every key: one grant, or several
// together.
func (l *linter) everyKey(object string, r Role, e Effective) {
	var found Access
	for _, p := range r.Permissions {
		if p.Range.IsEveryKey() && p.counts() {
			found |= p.Access
			l.add(ruleWholeKeySpace, object, []Permission{p}, fmt.Sprintf("whoever holds it may %s every key, those included that come later", p.Access.verb()),
				RevokeArgs(r.Name, p.Range))
		}
	}
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
	sentence, known := l.beside[string(prefix)]
	if !known {
		sentence = l.namedSiblings(string(prefix))
		l.beside[string(prefix)] = sentence
	}
	return sentence
}

func (l *linter) namedSiblings(prefix string) string {
	first, _ := slices.BinarySearchFunc(l.known, prefix, func(p place, key string) int { return cmp.Compare(p.key, key) })
	var names []string // the first ones, sorted
	n := 0
	for _, p := range l.known[first:] {
		l.steps++
		rest, below := strings.CutPrefix(p.key, prefix)
		if !below {
			break
		}
		if next, _ := utf8.DecodeRuneInString(rest); !isName(next) {
			continue
		}
		n++
		i, _ := slices.BinarySearch(names, p.description)
		names = slices.Insert(names, i, p.description)
		names = names[:min(len(names), 3)]
	}
	switch {
	case n == 0:
		return ""
	case n > 3:
		return fmt.Sprintf(", and there are grants on %s and %d more", strings.Join(names, ", "), n-3)
	}
	return ", and there are grants on " + strings.Join(names, ", ")
}

// superfluous finds grants that change nothing, and returns which of the
// role's these are. A grant is looked at without those before it that are
// superfluous themselves.
func (l *linter) superfluous(object string, g *roleGrants) []bool {
	is := make([]bool, len(g.Permissions))
	for i, p := range g.Permissions {
		if !p.counts() {
			continue
		}
		wider, isWider := g.wider(i)
		switch {
		case g.sameKeys.hasAnother(i):
			mend := g.once(i)
			if !g.sameRange.hasAnother(i) {
				mend = g.without(i) // the other one is in another notation
			}
			is[i] = g.covered(i)
			l.add(ruleDuplicate, object, []Permission{p}, "the role has another grant on the same range, and both count: the server keeps the old one at times when a grant is changed",
				mend...)
		case isWider && wider.Access != p.Access:
			l.add(ruleNarrower, object, []Permission{p, wider}, fmt.Sprintf("it restricts nothing: %s of the same role still counts, and nothing can be denied", wider),
				g.without(i)...)
			is[i] = true
		case g.covered(i):
			why := "other grants of the role cover it"
			if isWider {
				why = fmt.Sprintf("%s of the same role covers it", wider)
			}
			l.add(ruleShadowed, object, []Permission{p}, why, g.without(i)...)
			is[i] = true
		}
		g.done(i, is[i])
	}
	return is
}

// adjacent finds, of grants with the same access, those that go on where the
// one before by key ends, or in it.
func (l *linter) adjacent(object string, g *roleGrants, superfluous []bool) {
	var pairs [][2]int
	for _, access := range []Access{Read, Write, ReadWrite} {
		var order []int
		for i, p := range g.Permissions {
			if !superfluous[i] && p.Access == access && p.counts() {
				order = append(order, i)
			}
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(g.spans[a].start, g.spans[b].start) })
		for n := 1; n < len(order); n++ {
			l.steps++
			i, j := order[n-1], order[n]
			if end := g.spans[i].end; end == "" || end >= g.spans[j].start {
				pairs = append(pairs, [2]int{min(i, j), max(i, j)})
			}
		}
	}
	slices.SortFunc(pairs, func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	for _, pair := range pairs {
		p, o := g.Permissions[pair[0]], g.Permissions[pair[1]]
		one := Permission{Access: p.Access, Range: SetOf(p.Range, o.Range).Ranges()[0]}
		l.add(ruleAdjacent, object, []Permission{p, o}, fmt.Sprintf("together they are %s", one),
			slices.Concat([][]string{GrantArgs(g.Name, one)}, g.without(pair[0]), g.without(pair[1]))...)
	}
}

// writeOnly finds what a role lets be written and neither it nor the other
// roles of one of its holders let be read.
func (l *linter) writeOnly(object string, r Role, e Effective) {
	blind := e.Write.Difference(e.Read)
	if blind.IsEmpty() {
		return
	}
	if holders := l.holders[r.Name]; len(holders) > 0 {
		seen := blind // by every holder
		for _, holder := range holders {
			if seen = seen.Intersection(l.readBy(holder)); seen.IsEmpty() {
				break
			}
		}
		blind = blind.Difference(seen)
	}
	for _, p := range r.Permissions {
		if p.Access == Write && p.counts() && blind.Touches(p.Range) {
			l.add(ruleWriteOnly, object, []Permission{p}, "what is written there cannot be read by who writes it: a put that asks for the previous value, or a comparison, is denied",
				GrantArgs(r.Name, Permission{Access: ReadWrite, Range: p.Range}))
		}
	}
}

// readBy returns the keys that the user can read. Users with the same roles are
// asked about once.
func (l *linter) readBy(user string) Set {
	roles := rolesKey(l.state.Users[user].Roles)
	keys, known := l.reads[roles]
	if !known {
		keys = l.state.Effective(user).Read
		l.reads[roles] = keys
		l.steps += len(keys.spans)
	}
	return keys
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
