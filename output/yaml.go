package output

import (
	"fmt"
	"io"
	"strconv"

	"go.yaml.in/yaml/v4"

	"github.com/ectl-io/ectl/internal/yamltext"
)

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
