package policy

import (
	"fmt"
	"path"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// planted is a password that stands in a wrong place of a policy.
const planted = "Pl4nted-s3cret"

// walk calls each for every node of a policy with its place: users/bob/roles/*
// for an item, users/@bob for a name.
func walk(n *yaml.Node, place string, each func(place string, n *yaml.Node)) {
	each(place, n)
	for i, child := range n.Content {
		switch {
		case n.Kind == yaml.DocumentNode:
			walk(child, place, each)
		case n.Kind == yaml.SequenceNode:
			walk(child, place+"/*", each)
		case i%2 == 0:
			walk(child, place+"/@"+child.Value, each)
		default:
			walk(child, place+"/"+n.Content[i-1].Value, each)
		}
	}
}

// isShown says whether the text that stands at the place is one that errors show:
// the name of a role or user, and a key.
func isShown(place, form string) bool {
	patterns := map[string][]string{
		"text":   {"/roles/@*", "/users/@*", "/users/*/roles/*", "/roles/*/*/key", "/roles/*/*/prefix", "/roles/*/*/from", "/roles/*/*/range/*"},
		"a list": {"/users/*/roles", "/roles/*/*/range"},
		"a name": {"/roles", "/users"},
	}
	for kind, places := range patterns {
		for _, pattern := range places {
			if matches, _ := path.Match(pattern, place); matches && strings.HasPrefix(form, kind) {
				return true
			}
		}
	}
	return false
}

// What stands in the wrong place of a policy may be a password. No error shows it,
// whatever is wrong.
func TestNoErrorShowsWhatStandsInTheWrongPlace(t *testing.T) {
	const valid = `apiVersion: ectl/v1
roles:
  app:
    - {access: readwrite, prefix: /a/}
    - {access: read, key: /k}
    - {access: read, range: [/a, /b]}
    - {access: write, from: /z}
    - {access: read, key_base64: /w==}
    - {access: read, all: true}
users:
  bob:
    roles: [app]
    password: {env: APP_PASSWORD}
  eve: {password: {file: a/file}}
  joe: {password: {command: a command}}
  kim: {password: {generate: true}}
  lee: {password: none}
expect:
  - bob can write prefix /a/
waive:
  - {rule: every-key, object: role app, reason: It is so.}
`
	scalar := func() *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: planted} }
	text := func(value string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value} }
	null := func() *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"} }
	mapping := func(content ...*yaml.Node) *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Content: content} }
	list := func(content ...*yaml.Node) *yaml.Node { return &yaml.Node{Kind: yaml.SequenceNode, Content: content} }
	forms := map[string]func() *yaml.Node{
		"text":                   scalar,
		"a list":                 func() *yaml.Node { return list(scalar()) },
		"a name with a value":    func() *yaml.Node { return mapping(scalar(), text("x")) },
		"a name without a value": func() *yaml.Node { return mapping(scalar(), null()) },
		"a name given twice":     func() *yaml.Node { return mapping(scalar(), text("x"), scalar(), text("x")) },
		"the value of a name":    func() *yaml.Node { return mapping(text("x"), scalar()) },
		"a name joined by colon": func() *yaml.Node { return mapping(text("bob:"+planted), null()) },
		"a list in a list":       func() *yaml.Node { return list(list(scalar())) },
		"a list as a name":       func() *yaml.Node { return mapping(list(scalar()), text("x")) },
		"a tag": func() *yaml.Node {
			return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!" + planted, Value: "x", Style: yaml.TaggedStyle}
		},
		"text with another tag": func() *yaml.Node {
			return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: planted, Style: yaml.TaggedStyle}
		},
		"text in base64": func() *yaml.Node {
			return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!binary", Value: planted, Style: yaml.TaggedStyle}
		},
		"text joined to a name":   func() *yaml.Node { return text("bob:" + planted) },
		"text nearly a known one": func() *yaml.Node { return text("readwrite " + planted) },
	}
	count := func() int {
		var root yaml.Node
		if err := yaml.Load([]byte(valid), &root); err != nil {
			t.Fatal(err)
		}
		n := 0
		walk(&root, "", func(string, *yaml.Node) { n++ })
		return n
	}()
	refused := 0
	check := func(what, place, text string) {
		t.Helper()
		_, err := Parse(Document{"p.yaml", []byte(text)})
		if err == nil {
			return
		}
		refused++
		if strings.Contains(err.Error(), planted) || strings.Contains(err.Error(), planted[:6]) {
			t.Errorf("%s at %s is shown: %v", what, place, err)
		}
	}
	for name, form := range forms {
		for i := range count {
			var root yaml.Node
			if err := yaml.Load([]byte(valid), &root); err != nil {
				t.Fatal(err)
			}
			n, at := 0, ""
			walk(&root, "", func(place string, node *yaml.Node) {
				if n++; n == i+1 && node.Kind != yaml.DocumentNode {
					*node, at = *form(), place
				}
			})
			if isShown(at, name) {
				continue
			}
			text, err := yaml.Dump(&root)
			if err != nil {
				t.Fatalf("%s at %s: %v", name, at, err)
			}
			check(name, at, string(text))
		}
	}
	lines := strings.Split(valid, "\n")
	for i, line := range lines {
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		for _, broken := range []string{
			"\t" + planted, indent + "password: " + planted + ": x", indent + "password: \"" + planted, indent + "password: '" + planted,
			indent + "password: *" + planted, indent + "password: &" + planted, indent + "password: !" + planted + "{ x", indent + "password: @" + planted,
			indent + "password: `" + planted, indent + "password: %" + planted, indent + "password: [" + planted, indent + "password: {" + planted,
			indent + " " + planted, indent + planted, indent + "? " + planted, indent + "- " + planted, indent + "<<: *" + planted, indent + "<<: {" + planted + ": x}",
			"%" + planted, "--- " + planted, "... " + planted, indent + "password: |" + planted, indent + "password: >9" + planted, indent + "password: \"\\q" + planted + "\"",
			indent + "password: \x1b" + planted, indent + "password: \xff" + planted, indent + "password: " + planted + " #\x00", indent + "bob: " + planted, indent + "bob:" + planted,
			indent + "!<" + planted + "> x: y", indent + "!" + planted + "^ x: y", indent + "!!" + planted + " x: y", "%TAG !x! " + planted, "%YAML " + planted, indent + "\ufeff" + planted,
		} {
			before, after := strings.Join(lines[:i], "\n")+"\n", strings.Join(lines[i:], "\n")
			role := strings.HasPrefix(strings.TrimSpace(broken), "bob:") || strings.HasSuffix(broken, "- "+planted)
			for how, text := range map[string]string{"in a line more": before + broken + "\n" + after, "in place of a line": before + broken + "\n" + strings.Join(lines[i+1:], "\n"), "at the end": before + broken} {
				if role && strings.Contains(broken, "- ") {
					continue // it may stand in a list of roles
				}
				check(how, fmt.Sprintf("line %d (%q)", i+1, broken), text)
			}
		}
	}
	if refused < 3000 {
		t.Errorf("only %d policies were refused", refused)
	}
}
