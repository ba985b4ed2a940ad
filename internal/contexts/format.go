package contexts

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/ectl-io/ectl/internal/yamltext"
)

// The file is a sequence of YAML documents. The first has the name of the current context,
// and each other one is a context. So a command finds its context by its lines and parses
// only that one, however many there are.

// Names of fields. All other fields of a context are global options.
const (
	fieldCurrent   = "current"
	fieldName      = "name"
	fieldProtected = "protected"
	fieldUsers     = "users"

	fieldEndpoints        = "endpoints"
	fieldUser             = "user"
	fieldPasswordFile     = "password-file"
	fieldPasswordCommand  = "password-command"
	fieldCredentialHelper = "credential-helper"
	fieldTokenFile        = "auth-jwt-token-file"
	fieldCert             = "cert"
	fieldKey              = "key"
)

// header begins the file.
const header = "# Contexts of ectl. \"ectl context\" changes this file. It holds no passwords.\n"

// documents splits the file at the lines that separate documents.
func documents(text []byte) [][]byte {
	var all [][]byte
	var current []byte
	for line := range bytes.Lines(text) {
		if mark := bytes.TrimRight(line, " \t\r\n"); string(mark) == "---" {
			all, current = append(all, current), nil
			continue
		}
		current = append(current, line...)
	}
	return append(all, current)
}

// valueOf returns the value of a field that begins a line of the document, if it is
// written as a plain or quoted word.
func valueOf(document []byte, field string) string {
	for line := range bytes.Lines(document) {
		if value, found := strings.CutPrefix(string(line), field+":"); found {
			value = strings.TrimSpace(value)
			for _, quote := range []string{`"`, `'`} {
				if inner, ok := strings.CutPrefix(value, quote); ok && len(inner) > 0 {
					value = strings.TrimSuffix(inner, quote)
				}
			}
			return value
		}
	}
	return ""
}

// errorAt reports a fault of the document that begins after line lines of the file. It
// quotes no value, because the file may hold a secret by mistake.
func errorAt(lines, line int, format string, args ...any) error {
	return fmt.Errorf("line %d: %s", lines+line, fmt.Sprintf(format, args...))
}

// parse reads the whole file.
func parse(text []byte) (*File, error) {
	file, lines := &File{}, 0
	for i, document := range documents(text) {
		c, current, err := parseDocument(document, lines)
		if i == 0 {
			file.Current = current
		}
		switch {
		case err != nil:
			return nil, err
		case c == nil:
		case file.Find(c.Name) != nil:
			return nil, errorAt(lines, 1, "there are two contexts with the same name")
		default:
			file.Contexts = append(file.Contexts, c)
		}
		lines += bytes.Count(document, []byte("\n")) + 1
	}
	return file, nil
}

// parseDocument reads one document. c is nil if the document has no context.
func parseDocument(document []byte, lines int) (c *Context, current string, err error) {
	var node yaml.Node
	if err := yaml.Unmarshal(document, &node); err != nil {
		return nil, "", errorAt(lines, 1, "the context is not YAML")
	}
	if len(node.Content) == 0 {
		return nil, "", nil
	}
	root := node.Content[0]
	c = &Context{Options: map[string]string{}, Users: map[string]Login{}}
	named := false
	err = fields(root, lines, func(key string, value *yaml.Node) error {
		switch key {
		case fieldCurrent:
			current, err = scalar(key, value, lines)
			return err
		case fieldName:
			named = true
			if c.Name, err = scalar(key, value, lines); err == nil && CheckName(c.Name) != nil {
				err = errorAt(lines, value.Line, "%v", errName)
			}
			return err
		case fieldProtected:
			c.Protected, err = boolean(key, value, lines)
			return err
		case fieldUsers:
			return fields(value, lines, func(name string, login *yaml.Node) error {
				l, err := parseUser(login, lines)
				c.Users[name] = l
				return err
			})
		case fieldUser:
			c.User, err = scalar(key, value, lines)
			return err
		case fieldEndpoints:
			c.Options[key], err = list(key, value, lines)
			return err
		}
		if to := loginField(&c.Login, key); to != nil && key != fieldCert && key != fieldKey {
			*to, err = scalar(key, value, lines)
			return err
		}
		c.Options[key], err = scalar(key, value, lines)
		return err
	})
	switch {
	case err != nil:
		return nil, "", err
	case named:
		return c, current, nil
	case lines > 0:
		return nil, "", errorAt(lines, root.Line, "the context has no name")
	}
	return nil, current, nil
}

// parseUser reads how one of the users of a context logs in.
func parseUser(node *yaml.Node, lines int) (l Login, err error) {
	err = fields(node, lines, func(key string, value *yaml.Node) error {
		to := loginField(&l, key)
		if to == nil {
			return errorAt(lines, value.Line, "a user has no field of this name")
		}
		*to, err = scalar(key, value, lines)
		return err
	})
	return l, err
}

// loginField returns the place of a field of l, or nil.
func loginField(l *Login, key string) *string {
	return map[string]*string{
		fieldPasswordFile: &l.PasswordFile, fieldPasswordCommand: &l.PasswordCommand, fieldCredentialHelper: &l.CredentialHelper,
		fieldTokenFile: &l.TokenFile, fieldCert: &l.Cert, fieldKey: &l.Key,
	}[key]
}

// fields calls each for the fields of a mapping.
func fields(node *yaml.Node, lines int, each func(key string, value *yaml.Node) error) error {
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return nil
	}
	if node.Kind != yaml.MappingNode {
		return errorAt(lines, node.Line, "want names with values")
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		switch {
		case key.Kind != yaml.ScalarNode:
			return errorAt(lines, key.Line, "a name is text")
		case seen[key.Value]:
			return errorAt(lines, key.Line, "a name is given twice")
		}
		seen[key.Value] = true
		if err := each(key.Value, node.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

func scalar(key string, value *yaml.Node, lines int) (string, error) {
	if value.Kind != yaml.ScalarNode || value.Tag == "!!null" {
		return "", errorAt(lines, value.Line, "%s is text", key)
	}
	return value.Value, nil
}

func boolean(key string, value *yaml.Node, lines int) (bool, error) {
	if value.Kind != yaml.ScalarNode || value.Value != "true" && value.Value != "false" {
		return false, errorAt(lines, value.Line, "%s is true or false", key)
	}
	return value.Value == "true", nil
}

// list reads a list of words, or one text, and joins it with commas.
func list(key string, value *yaml.Node, lines int) (string, error) {
	if value.Kind != yaml.SequenceNode {
		return scalar(key, value, lines)
	}
	words := make([]string, 0, len(value.Content))
	for _, item := range value.Content {
		word, err := scalar(key, item, lines)
		if err != nil {
			return "", err
		}
		words = append(words, word)
	}
	return strings.Join(words, ","), nil
}

// text returns the file as it is written.
func (f *File) text() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(header)
	if f.Current != "" {
		head, err := yamltext.Dump(mapping(fieldCurrent, yamltext.Name(f.Current)))
		if err != nil {
			return nil, err
		}
		b.Write(head)
	}
	for _, c := range f.Contexts {
		document, err := yamltext.Dump(c.node())
		if err != nil {
			return nil, err
		}
		b.WriteString("---\n")
		b.Write(document)
	}
	return b.Bytes(), nil
}

// node returns the document of the context.
func (c *Context) node() *yaml.Node {
	n := mapping(fieldName, yamltext.Name(c.Name))
	if c.Protected {
		add(n, fieldProtected, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"})
	}
	for _, key := range slices.Sorted(maps.Keys(c.Options)) {
		if key != fieldEndpoints {
			add(n, key, yamltext.Name(c.Options[key]))
			continue
		}
		endpoints := &yaml.Node{Kind: yaml.SequenceNode}
		for endpoint := range strings.SplitSeq(c.Options[key], ",") {
			endpoints.Content = append(endpoints.Content, yamltext.Name(endpoint))
		}
		add(n, key, endpoints)
	}
	if c.User != "" {
		add(n, fieldUser, yamltext.Name(c.User))
	}
	c.Login.addTo(n)
	if len(c.Users) > 0 {
		users := &yaml.Node{Kind: yaml.MappingNode}
		for _, name := range slices.Sorted(maps.Keys(c.Users)) {
			login := &yaml.Node{Kind: yaml.MappingNode}
			c.Users[name].addTo(login)
			users.Content = append(users.Content, yamltext.Name(name), login)
		}
		add(n, fieldUsers, users)
	}
	return n
}

// addTo adds the fields of the login to a mapping.
func (l Login) addTo(n *yaml.Node) {
	for _, key := range []string{fieldPasswordFile, fieldPasswordCommand, fieldCredentialHelper, fieldTokenFile, fieldCert, fieldKey} {
		if value := *loginField(&l, key); value != "" {
			add(n, key, yamltext.Name(value))
		}
	}
}

func mapping(key string, value *yaml.Node) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	add(n, key, value)
	return n
}

func add(n *yaml.Node, key string, value *yaml.Node) {
	n.Content = append(n.Content, yamltext.Name(key), value)
}
