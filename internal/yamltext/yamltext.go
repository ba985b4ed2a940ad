// Package yamltext writes strings of YAML. Parsers of YAML 1.1 and of YAML 1.2 read the
// same strings, and a reviewer sees all of their characters.
package yamltext

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/ectl-io/ectl/internal/visible"
)

// String returns the YAML node of s. A text of several visible lines may be written as a
// block.
func String(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	switch {
	case !visible.Is(strings.NewReplacer("\n", "", "\t", "").Replace(s)):
		n.Style = yaml.DoubleQuotedStyle // Dump writes escapes there
	case isOtherType(s):
		n.Style = yaml.SingleQuotedStyle
	}
	return n
}

// Name returns the YAML node of s, which is written on one line.
func Name(s string) *yaml.Node {
	n := String(s)
	if !visible.Is(s) {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// isOtherType reports whether a YAML parser may read s, unquoted, as something other
// than a string. The library quotes such words of YAML 1.2. Many parsers still use YAML
// 1.1, which has more boolean words and more notations for numbers and dates.
func isOtherType(s string) bool {
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return true
	}
	return s != "" && strings.ContainsRune("0123456789+-.=<~", rune(s[0]))
}

// Dump returns the document of a node. Invisible characters are written as escapes, in
// the double quotes that String and Name choose for them.
func Dump(node *yaml.Node) ([]byte, error) {
	text, err := yaml.Dump(node, yaml.WithLineWidth(-1))
	if err != nil {
		return nil, err
	}
	if visible.Is(string(text)) {
		return text, nil
	}
	shown := make([]byte, 0, len(text))
	for rest := text; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case visible.Rune(r), r == '\n', r == '\t':
			shown = append(shown, rest[:size]...)
		case r <= 0xffff:
			shown = fmt.Appendf(shown, `\u%04X`, r)
		default:
			shown = fmt.Appendf(shown, `\U%08X`, r)
		}
		rest = rest[size:]
	}
	return shown, nil
}
