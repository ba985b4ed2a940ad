package policy

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/suggest"
)

// resolve returns the node that an alias refers to, or n itself.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

// pairs calls each for every pair of the mapping n. It reports a node that is not a
// mapping, invalid keys, and duplicate keys. Errors describe the mapping as what, and
// a key as show(key).
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

// fields calls each for every field of the mapping n with a name in known, and
// reports the others. The report hides the name of an unknown field if it may be a
// secret. That is a field of a user, one without a value, or one that is not similar
// to a known field.
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
		switch hint := suggest.Hint(key.Value, known); {
		case hint == "":
			p.problem(key, "the fields are "+strings.Join(known, ", "), "%s has no such field", what)
		case p.inUser || isNull(value):
			p.problem(key, hint, "%s has no such field", what)
		default:
			p.problem(key, hint, "%s has no field %s", what, quoted(key.Value))
		}
	})
}

// names calls each for every name of the mapping n, which contains roles or users.
// kind is "role" or "user".
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

// text returns the text of the scalar n. If n is not text, it reports a problem and
// returns false. It returns numbers and booleans as they are written.
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

// kindName returns a description of the kind of n. It does not contain the value,
// which may be a password.
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
