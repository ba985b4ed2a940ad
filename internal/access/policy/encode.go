package policy

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/visible"
	"github.com/ectl-io/ectl/internal/yamltext"
)

// entry is a named value of an export. The value is a string, true, a []string,
// entries or []entries.
type entry struct {
	name  string
	value any
}

// entries holds the members of a mapping, in the order of the output.
type entries []entry

// export returns the policy that matches s. It contains no passwords, because they
// cannot be read. It omits the role root, which always exists and has no permissions.
func export(s access.State) entries {
	roles, users := entries{}, entries{}
	for _, name := range s.RoleNames() {
		if name == access.RootRole {
			continue
		}
		permissions := []entries{}
		for _, p := range access.Merged(s.Roles[name].Permissions) {
			permissions = append(permissions, entries{{fieldAccess, p.Access.String()}, rangeEntry(p.Range)})
		}
		roles = append(roles, entry{name, permissions})
	}
	for _, name := range s.UserNames() {
		held := s.Users[name].Roles
		if held == nil {
			held = []string{}
		}
		users = append(users, entry{name, entries{{fieldRoles, held}}})
	}
	return entries{{fieldAPIVersion, APIVersion}, {fieldRoles, roles}, {fieldUsers, users}}
}

func rangeEntry(r access.Range) entry {
	key, end := string(r.Key), string(r.End)
	name, keys := fieldRange, []string{key, end}
	switch {
	case r.Equal(access.Everything()):
		return entry{fieldAll, true}
	case end == "":
		name, keys = fieldKey, keys[:1]
	case end == access.OpenEnd && string(access.PrefixEnd(r.Key)) != end, end == access.OpenEnd && !utf8.ValidString(key):
		name, keys = fieldFrom, keys[:1]
	case bytes.Equal(r.End, access.PrefixEnd(r.Key)):
		name, keys = fieldPrefix, keys[:1]
	}
	for _, k := range keys {
		if !utf8.ValidString(k) {
			name += base64Suffix
			for i := range keys {
				keys[i] = base64.StdEncoding.EncodeToString([]byte(keys[i]))
			}
			break
		}
	}
	if len(keys) == 1 {
		return entry{name, keys[0]}
	}
	return entry{name, keys}
}

// YAML returns the policy that matches s as YAML. Its first line refers editors to
// the schema.
func YAML(s access.State) ([]byte, error) {
	text, err := yamltext.Dump(export(s).node())
	if err != nil {
		return nil, err
	}
	return append([]byte("# yaml-language-server: $schema="+SchemaURL+"\n"), text...), nil
}

// JSON returns the policy that matches s as indented JSON.
func JSON(s access.State) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(export(s)); err != nil {
		return nil, err
	}
	return visible.JSON(text.Bytes()), nil
}

// MarshalJSON returns the entries as a JSON object, in their order.
func (e entries) MarshalJSON() ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	text.WriteByte('{')
	for i, member := range e {
		if i > 0 {
			text.WriteByte(',')
		}
		for j, part := range []any{member.name, member.value} {
			if j > 0 {
				text.WriteByte(':')
			}
			if err := encoder.Encode(part); err != nil {
				return nil, err
			}
		}
	}
	text.WriteByte('}')
	return text.Bytes(), nil
}

func (e entries) node() *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	if len(e) == 0 {
		n.Style = yaml.FlowStyle // {}
	}
	for _, member := range e {
		n.Content = append(n.Content, yamltext.Name(member.name), valueNode(member.value))
	}
	return n
}

func valueNode(value any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	switch v := value.(type) {
	case string:
		return yamltext.Name(v)
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"}
	case entries:
		return v.node()
	case []string:
		n.Style = yaml.FlowStyle // [a, b]
		for _, s := range v {
			n.Content = append(n.Content, yamltext.Name(s))
		}
	case []entries: // permissions, one per line
		for _, item := range v {
			permission := item.node()
			permission.Style = yaml.FlowStyle
			n.Content = append(n.Content, permission)
		}
		if len(v) == 0 {
			n.Style = yaml.FlowStyle
		}
	}
	return n
}
