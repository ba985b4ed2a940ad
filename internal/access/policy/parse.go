package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/suggest"
)

// Document is the content of a policy file.
type Document struct {
	Name string // name of the file, for errors
	Text []byte // YAML or JSON
}

// Parse parses documents that together form one policy. The error is of type Errors,
// with all faults. If a document is not valid YAML, Parse reports one fault for it.
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
	problems Errors // the first maxProblems
	faults   int    // the number of all problems
	memberOf []membership
	inUser   bool // the parser is inside the users field
	limits   limits

	steps int // units of work, for tests
}

func newParser() *parser {
	return &parser{policy: Policy{Roles: map[string]Role{}, Users: map[string]User{}}}
}

// membership is a role in a user's list. It is checked after all roles have been
// parsed.
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
			p.policy.HasRoles = true
			p.names(value, "role", p.role)
		case fieldUsers:
			p.policy.HasUsers = true
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
		p.problem(root, "write "+fieldAPIVersion+": "+APIVersion+" into the first line", "the file has no apiVersion")
	}
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

// checkNames reports roles of users that are not in any file.
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
			if near := suggest.Hint(m.role, names); near != "" {
				hint = near
			}
		}
		p.report(Problem{At: m.at, Message: fmt.Sprintf("the role %s is not in the policy", quoted(m.role)), Hint: hint})
	}
}
