package policy

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/visible"
)

// Document is a policy file that was read.
type Document struct {
	Name string // of the file, for errors
	Text []byte // YAML, or JSON, which is YAML
}

// Parse reads documents that together are one policy. The error is Errors,
// all of them at once; a file that is no YAML has one alone.
func Parse(documents ...Document) (Policy, error) {
	p := newParser()
	files := make([]string, 0, len(documents))
	size := 0
	for _, d := range documents {
		files = append(files, d.Name)
		p.file = d.Name
		if size += len(d.Text); size > MaxSize {
			p.report(Problem{At: Position{File: d.Name}, Message: TooLarge})
			break
		}
		p.document(d.Text)
	}
	if len(documents) == 0 {
		p.report(Problem{Message: "there is no policy file"})
	}
	p.checkNames()
	if p.faults > 0 {
		return Policy{}, p.problems.sorted(files, p.faults-len(p.problems))
	}
	return p.policy, nil
}

// parser collects a policy and its problems over several files.
type parser struct {
	file     string
	policy   Policy
	problems Errors // the first ones
	faults   int    // how many there are
	memberOf []membership
	inUser   bool // what is read belongs to a user
	limits   limits

	steps int // how many pieces of the work were done, for tests
}

func newParser() *parser {
	return &parser{policy: Policy{Roles: map[string]Role{}, Users: map[string]User{}}}
}

// membership is a role in a user's list, to be looked up when all roles are
// known.
type membership struct {
	role string
	at   Position
}

func (p *parser) at(n *yaml.Node) Position {
	return Position{File: p.file, Line: n.Line, Column: n.Column}
}

func (p *parser) problem(n *yaml.Node, hint, format string, args ...any) {
	if p.faults >= maxProblems {
		p.faults++
		return
	}
	p.report(Problem{At: p.at(n), Message: fmt.Sprintf(format, args...), Hint: hint})
}

func (p *parser) report(problem Problem) {
	if p.faults++; len(p.problems) < maxProblems {
		p.problems = append(p.problems, problem)
	}
}

func (p *parser) document(text []byte) {
	text, fault := readable(text)
	if fault.Message != "" {
		fault.At.File = p.file
		p.report(fault)
		return
	}
	var node yaml.Node
	if err := yaml.Load(asYAML(text), &node, yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth)))); err != nil {
		p.report(p.syntax(err))
		return
	}
	root := &node
	if node.Kind == yaml.DocumentNode && len(node.Content) == 1 {
		root = node.Content[0]
	}
	seen := false
	p.fields(root, "a policy", documentFields(), func(name string, key, value *yaml.Node) {
		switch name {
		case fieldAPIVersion:
			seen = true
			if version, ok := p.text(value, "the apiVersion"); ok && version != APIVersion {
				p.problem(value, "write "+APIVersion, "this program does not know the apiVersion")
			}
		case fieldRoles:
			p.policy.SaysRoles = true
			p.names(value, "role", p.role)
		case fieldUsers:
			p.policy.SaysUsers = true
			p.inUser = true
			p.names(value, "user", p.user)
			p.inUser = false
		case fieldExpect:
			p.items(value, "assertions", p.assertion)
		case fieldWaive:
			p.items(value, "waivers", p.waiver)
		}
	})
	if !seen && root.Kind == yaml.MappingNode {
		p.problem(root, "write "+fieldAPIVersion+": "+APIVersion+" into the first line", "the file does not say its apiVersion")
	}
}

// resolve returns the node that an alias stands for, or n itself.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

// pairs calls each for every pair of the mapping n, and reports what is none
// and keys that occur twice. what is the mapping's content, for errors, and show
// what they show of a key.
func (p *parser) pairs(n *yaml.Node, what string, show func(key string) string, each func(key, value *yaml.Node)) {
	n = resolve(n)
	if isNull(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		p.problem(n, "", "%s is written as names with values, not as %s", what, kindName(n))
		return
	}
	first := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := resolve(n.Content[i]), resolve(n.Content[i+1])
		if !p.visit(n.Content[i], key) || !p.visit(n.Content[i+1], value) {
			return
		}
		if key.Kind != yaml.ScalarNode || isNull(key) {
			p.problem(key, "", "a name is text, not %s", kindName(key))
			continue
		}
		if key.Tag == "!!merge" {
			p.problem(key, "give the whole value an anchor, or repeat its fields", "merge keys are not part of the format")
			continue
		}
		if before, twice := first[key.Value]; twice {
			p.problem(key, "", "%s is given twice, first in line %d", show(key.Value), before.Line)
			continue
		}
		first[key.Value] = key
		each(key, value)
	}
}

// fields calls each for every field of the mapping n whose name is in known,
// and reports the others. One that has no value, is not nearly a known one, or
// belongs to a user is not shown: it may be a secret.
func (p *parser) fields(n *yaml.Node, what string, known []string, each func(name string, key, value *yaml.Node)) {
	if n = resolve(n); isNull(n) {
		p.problem(n, "its fields are "+strings.Join(known, ", "), "%s is empty", what)
		return
	}
	show := func(name string) string {
		if slices.Contains(known, name) {
			return quoted(name)
		}
		return "a field"
	}
	p.pairs(n, what, show, func(key, value *yaml.Node) {
		if slices.Contains(known, key.Value) {
			each(key.Value, key, value)
			return
		}
		switch hint := Suggest(key.Value, known); {
		case hint == "":
			p.problem(key, "the fields are "+strings.Join(known, ", "), "%s has no such field", what)
		case p.inUser || isNull(value):
			p.problem(key, hint, "%s has no such field", what)
		default:
			p.problem(key, hint, "%s has no field %s", what, quoted(key.Value))
		}
	})
}

// names calls each for every name of the mapping n: its roles, or users. kind is
// what they are, "role" or "user".
func (p *parser) names(n *yaml.Node, kind string, each func(name string, key, value *yaml.Node)) {
	show := func(name string) string { return quoted(userPart(name)) }
	p.pairs(n, "a list of what each name of a "+kind+" has", show, func(key, value *yaml.Node) {
		if key.Value == "" {
			p.problem(key, "", "the name of a %s is empty", kind)
			return
		}
		if err := access.CheckName(kind, key.Value); err != nil {
			p.problem(key, "", "%s", err)
			return
		}
		each(key.Value, key, value)
	})
}

// items calls each for every item of the sequence n.
func (p *parser) items(n *yaml.Node, what string, each func(item *yaml.Node)) {
	n = resolve(n)
	if isNull(n) {
		return
	}
	if n.Kind != yaml.SequenceNode {
		p.problem(n, "begin each with a dash, or write them in [ ]", "%s are a list, not %s", what, kindName(n))
		return
	}
	for _, item := range n.Content {
		value := resolve(item)
		if !p.visit(item, value) {
			return
		}
		each(value)
	}
}

// text returns the text of the scalar n, and false after reporting that it is
// none. Numbers and truth values are taken as they are written.
func (p *parser) text(n *yaml.Node, what string) (string, bool) {
	n = resolve(n)
	if n.Kind != yaml.ScalarNode || isNull(n) {
		p.problem(n, "", "%s is text, not %s", what, kindName(n))
		return "", false
	}
	if n.Tag == "!!binary" {
		p.problem(n, "give it in a field whose name ends with "+base64Suffix, "the tag !!binary is not part of the format")
		return "", false
	}
	return n.Value, true
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// kindName names what n is. What it says is not shown: it may be a password.
func kindName(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "names with values"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case isNull(n):
		return "nothing"
	}
	return "text"
}

func (p *parser) role(name string, key, value *yaml.Node) {
	if before, twice := p.policy.Roles[name]; twice {
		p.problem(key, "", "the role %s is also in %s", quoted(name), before.At)
		return
	}
	role := Role{Name: name, At: p.at(key)}
	granted := map[[2]string]access.Access{} // by range
	p.items(value, "the permissions of the role "+named(name), func(item *yaml.Node) {
		permission, ok := p.permission(item)
		if !ok {
			return
		}
		p.steps++
		on := permission.Range.Notation()
		if other, twice := granted[on]; twice {
			hint := "leave one of them out"
			if other != permission.Access {
				hint = "write it once, with the access that is meant: " + (other | permission.Access).String() + " for both"
			}
			p.problem(item, hint, "the role %s has %s twice", named(name), shownRange(permission.Range))
			return
		}
		granted[on] = permission.Access
		role.Permissions = append(role.Permissions, permission)
	})
	if name == access.RootRole && len(role.Permissions) > 0 {
		p.problem(key, "leave its permissions out", "the role root allows everything, whatever it holds")
	}
	p.policy.Roles[name] = role
}

// shownRange describes a range for an error, shortened if its keys are long.
func shownRange(r access.Range) string {
	if len(r.Key)+len(r.End) > 2*maxName {
		return "a range that starts with " + quoted(string(r.Key))
	}
	return r.String()
}

func (p *parser) permission(n *yaml.Node) (permission access.Permission, ok bool) {
	var said []string // names of the fields that say which keys
	faults := p.faults
	p.fields(n, "a permission", permissionFields(), func(name string, key, value *yaml.Node) {
		switch name {
		case fieldAccess:
			text, isText := p.text(value, "the access")
			if !isText {
				return
			}
			var err error
			if permission.Access, err = access.ParseAccess(text); err != nil {
				p.problem(value, Suggest(text, access.AccessNames()), unknownAccess)
			}
			return
		case fieldAll:
			if value.Kind != yaml.ScalarNode || value.Value != "true" {
				p.problem(value, "say which keys with "+strings.Join(keyFields(), ", "), "%s is true or not there", fieldAll)
			}
			permission.Range = access.Everything()
		default:
			permission.Range = p.keys(name, value)
		}
		said = append(said, name)
		if len(said) == 2 {
			p.problem(key, "make two permissions of it", "a permission has one range, here are %s and %s", said[0], said[1])
		}
	})
	if p.faults > faults {
		return permission, false
	}
	if permission.Access == 0 {
		p.problem(n, "add "+fieldAccess+": read, write or readwrite", "the permission does not say its access")
	}
	if len(said) == 0 {
		p.problem(n, "add one of "+strings.Join(keyFields(), ", ")+", "+fieldAll, "the permission does not say for which keys it is")
	}
	return permission, p.faults == faults
}

// keys returns the range that the field called name says, having reported what
// is wrong with it.
func (p *parser) keys(name string, value *yaml.Node) access.Range {
	field, inBase64 := strings.CutSuffix(name, base64Suffix)
	nodes := []*yaml.Node{value}
	if field == fieldRange {
		if value.Kind != yaml.SequenceNode || len(value.Content) != 2 {
			p.problem(value, "write [FROM, TO]: its keys are those from FROM up to TO, without TO", "a range has two keys")
			return access.Range{}
		}
		nodes = value.Content
		for _, n := range nodes {
			if !p.visit(n, resolve(n)) {
				return access.Range{}
			}
		}
	}
	keys := make([]string, 0, len(nodes))
	for _, n := range nodes {
		text, ok := p.text(n, "a key")
		if !ok {
			return access.Range{}
		}
		if inBase64 {
			decoded, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				p.problem(resolve(n), "encode the key with: base64 -w0", "the key is not base64")
				return access.Range{}
			}
			text = string(decoded)
		}
		keys = append(keys, text)
	}
	r, err := keyRange(field, keys)
	if h, ok := errors.AsType[hinted](err); ok {
		p.problem(value, h.hint, "%s", h.message)
	}
	return r
}

func (p *parser) user(name string, key, value *yaml.Node) {
	if before, twice := p.policy.Users[name]; twice {
		p.problem(key, "", "the user %s is also in %s", quoted(userPart(name)), before.At)
		return
	}
	if strings.Contains(name, ":") && isNull(value) {
		p.problem(key, "write a space after the colon, and after it {roles: [...], password: {...}}", "the name of a user that has nothing else has a colon")
		return
	}
	user := User{Name: name, At: p.at(key)}
	held := map[string]bool{}
	if !isNull(value) { // a user without anything is one, too
		p.fields(value, "a user", userFields(), func(field string, _, value *yaml.Node) {
			switch field {
			case fieldRoles:
				p.items(value, "the roles of the user "+named(userPart(name)), func(item *yaml.Node) {
					role, ok := p.text(item, "the name of a role")
					p.steps++
					switch {
					case !ok:
					case held[role]:
						p.problem(item, "", "the user %s has the role %s twice", named(userPart(name)), named(role))
					default:
						held[role] = true
						user.Roles = append(user.Roles, role)
						p.memberOf = append(p.memberOf, membership{role, p.at(item)})
					}
				})
			case fieldPassword:
				user.Password = p.password(value)
			}
		})
	}
	p.policy.Users[name] = user
}

func (p *parser) password(n *yaml.Node) Password {
	password := Password{At: p.at(n)}
	const hint = "write none, or where it comes from: {env: VARIABLE}, {file: PATH}, {command: LINE} or {generate: true}"
	if n.Kind == yaml.ScalarNode && !isNull(n) {
		if n.Value == string(None) {
			password.Source = None
			return password
		}
		// Never with its text, which is a secret by now.
		p.problem(n, hint, "a password does not stand in the policy itself")
		return password
	}
	p.fields(n, "a password", passwordFields(), func(name string, key, value *yaml.Node) {
		if password.Source != Unsaid {
			p.problem(key, "", "the password comes from one place, here are %s and %s", password.Source, name)
			return
		}
		password.Source = Source(name)
		if password.Source == Generate {
			if value.Kind != yaml.ScalarNode || value.Value != "true" {
				p.problem(value, hint, "%s is true or not there", name)
			}
			return
		}
		text, ok := p.text(value, name)
		if ok && text == "" {
			p.problem(value, hint, "%s is empty", name)
		}
		password.Value = text
	})
	if password.Source == Unsaid && n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		p.problem(n, hint, "the password comes from nowhere")
	}
	return password
}

func (p *parser) assertion(n *yaml.Node) {
	text, ok := p.text(n, "an assertion")
	if !ok {
		return
	}
	a, err := ParseAssertion(text)
	if err != nil {
		p.problem(n, "", "%s", err)
		return
	}
	a.At = p.at(n)
	p.policy.Expect = append(p.policy.Expect, a)
}

func (p *parser) waiver(n *yaml.Node) {
	w := Waiver{At: p.at(n)}
	p.fields(n, "a waiver", waiverFields(), func(name string, _, value *yaml.Node) {
		text, _ := p.text(value, name)
		switch name {
		case fieldRule:
			w.Rule = text
		case fieldObject:
			w.Object = text
		case fieldReason:
			w.Reason = strings.TrimSpace(text)
		}
	})
	if n.Kind == yaml.MappingNode && (w.Rule == "" || w.Object == "" || w.Reason == "") {
		p.problem(n, "say what lint found with rule and object, as it prints them, and why that is fine with reason", "the waiver is not complete")
	}
	p.policy.Waivers = append(p.policy.Waivers, w)
}

// checkNames reports roles of users that no file has.
func (p *parser) checkNames() {
	var names []string
	hints := maxHints
	for _, m := range p.memberOf {
		p.steps++
		if _, known := p.policy.Roles[m.role]; known || m.role == access.RootRole {
			continue
		}
		hint := "add it under " + fieldRoles
		if hints > 0 {
			hints--
			if names == nil {
				names = append(slices.Collect(maps.Keys(p.policy.Roles)), access.RootRole)
			}
			p.steps += len(names)
			if near := Suggest(m.role, names); near != "" {
				hint = near
			}
		}
		p.report(Problem{At: m.at, Message: fmt.Sprintf("the role %s is not in the policy", quoted(m.role)), Hint: hint})
	}
}

// asYAML returns text in a form that YAML understands as it is meant: JSON
// writes characters beyond 16 bits as two escapes, which YAML does not know, and
// takes for text what YAML takes for the end of a line or refuses.
func asYAML(text []byte) []byte {
	trimmed := bytes.TrimLeft(text, " \t\r\n")
	if !bytes.HasPrefix(trimmed, []byte("{")) || !json.Valid(trimmed) {
		return text
	}
	text = append(text[:len(text)-len(trimmed):len(text)-len(trimmed)], visible.JSON(trimmed)...)
	if !bytes.Contains(bytes.ToLower(text), []byte(`\ud`)) {
		return text
	}
	joined := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		if text[i] == '\\' && i+1 < len(text) {
			if high, low, ok := surrogates(text[i:]); ok {
				joined = append(joined, string(utf16.DecodeRune(high, low))...)
				i += 2 * len(`\u0000`)
				continue
			}
			joined, i = append(joined, text[i], text[i+1]), i+2
			continue
		}
		joined, i = append(joined, text[i]), i+1
	}
	return joined
}

// surrogates reads the two escapes of one character at the start of text.
func surrogates(text []byte) (high, low rune, ok bool) {
	const length = len(`\u0000`)
	if len(text) < 2*length || text[1] != 'u' || text[length] != '\\' || text[length+1] != 'u' {
		return 0, 0, false
	}
	first, err1 := strconv.ParseUint(string(text[2:length]), 16, 16)
	second, err2 := strconv.ParseUint(string(text[length+2:2*length]), 16, 16)
	if err1 != nil || err2 != nil || utf16.DecodeRune(rune(first), rune(second)) == '\ufffd' {
		return 0, 0, false
	}
	return rune(first), rune(second), true
}
