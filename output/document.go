package output

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/ectl-io/ectl/internal/visible"
	"github.com/ectl-io/ectl/internal/yamltext"
)

// Object is a result in plain terms: named values in the order in which they
// are shown. A value is a string, bool, integer, Bytes, ID, []string, Object or
// []Object, or nil if it is unknown.
type Object []Member

// Member is one named value of an Object.
type Member struct {
	Name  string
	Value any
}

// Bytes is a key or value. It is shown as text where it is UTF-8; otherwise in
// base64, and the name of its member then ends with "_base64" to say so.
type Bytes []byte

// ID is the identifier of a cluster, member or lease. It is shown in
// hexadecimal, as other commands take it.
type ID uint64

const base64Suffix = "_base64"

// plain returns the name and value of m as they are shown: with bytes and IDs
// as strings.
func (m Member) plain() (string, any) {
	switch v := m.Value.(type) {
	case Bytes:
		if utf8.Valid(v) {
			return m.Name, string(v)
		}
		return m.Name + base64Suffix, base64.StdEncoding.EncodeToString(v)
	case ID:
		return m.Name, strconv.FormatUint(uint64(v), 16)
	}
	return m.Name, m.Value
}

// MarshalJSON writes the object on one line.
func (o Object) MarshalJSON() ([]byte, error) { return o.appendJSON(nil) }

// appendJSON appends the object on one line. Numbers and plain strings, which
// is all that most keys have, go without encoding/json: a range may have
// millions of keys.
func (o Object) appendJSON(b []byte) ([]byte, error) {
	b = append(b, '{')
	for i, member := range o {
		if i > 0 {
			b = append(b, ',')
		}
		name, value := member.plain()
		var err error
		if b, err = appendValueJSON(b, name); err != nil {
			return nil, err
		}
		b = append(b, ':')
		if b, err = appendValueJSON(b, value); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendValueJSON(b []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case string:
		if isPlain(v) {
			b = append(b, '"')
			b = append(b, v...)
			return append(b, '"'), nil
		}
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case Object:
		return v.appendJSON(b)
	case []Object:
		if v == nil {
			return append(b, "[]"...), nil
		}
	case []string:
		if v == nil {
			return append(b, "[]"...), nil
		}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // "<" is as good in a key as in any text
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return append(b, visible.JSON(bytes.TrimSuffix(text.Bytes(), []byte{'\n'}))...), nil
}

// isPlain says whether s stands for itself in a quoted string, of JSON as of
// Go: it is printable ASCII without quotes and backslashes.
func isPlain[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f || s[i] == '"' || s[i] == '\\' {
			return false
		}
	}
	return true
}

// appendTo adds the members of o to the JSON object in text.
func (o Object) appendTo(text []byte) []byte {
	added, err := o.MarshalJSON()
	if err != nil || len(o) == 0 {
		return text
	}
	text = bytes.TrimSuffix(text, []byte("}"))
	if len(text) > 1 {
		text = append(text, ',')
	}
	return append(text, added[1:]...)
}

func (o Object) writeYAML(w io.Writer) error {
	return writeYAMLNode(w, o.node())
}

func (o Object) node() *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, member := range o {
		name, value := member.plain()
		node.Content = append(node.Content, yamltext.String(name), valueNode(value))
	}
	return node
}

func valueNode(value any) *yaml.Node {
	switch v := value.(type) {
	case nil:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
	case string:
		return yamltext.String(v)
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(v)}
	case Object:
		return v.node()
	case []Object:
		return sequenceNode(v, Object.node)
	case []string:
		return sequenceNode(v, yamltext.String)
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: fmt.Sprint(value)}
}

func sequenceNode[T any](items []T, node func(T) *yaml.Node) *yaml.Node {
	sequence := &yaml.Node{Kind: yaml.SequenceNode}
	if len(items) == 0 {
		sequence.Style = yaml.FlowStyle // []
	}
	for _, item := range items {
		sequence.Content = append(sequence.Content, node(item))
	}
	return sequence
}

// writeYAMLItems writes objects as elements of a sequence that is the value of
// a member of the document's mapping.
func writeYAMLItems(w io.Writer, objects []Object) error {
	return writeYAMLNode(w, sequenceNode(objects, Object.node))
}

func writeYAMLNode(w io.Writer, node *yaml.Node) error {
	text, err := yamltext.Dump(node)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}
