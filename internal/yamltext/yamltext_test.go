package yamltext

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/ectl-io/ectl/internal/nasty"
	"github.com/ectl-io/ectl/internal/visible"
)

func TestStringsAreReadBackAndSeenWhole(t *testing.T) {
	names, err := nasty.Names(5, 300)
	if err != nil {
		t.Fatal(err)
	}
	node := &yaml.Node{Kind: yaml.MappingNode}
	want := map[string][]string{}
	for _, name := range names {
		list := &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{String(name), Name(name), String("text\n" + name + "\n")}}
		node.Content = append(node.Content, Name(name), list)
		want[name] = []string{name, name, "text\n" + name + "\n"}
	}
	text, err := Dump(node)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if !visible.Is(strings.ReplaceAll(line, "\t", "")) {
			t.Errorf("%q is not visible", line)
		}
	}
	var got map[string][]string
	if err := yaml.Load(text, &got); err != nil {
		t.Fatal(err)
	}
	for name := range want {
		for i, s := range want[name] {
			if len(got[name]) != len(want[name]) || got[name][i] != s {
				t.Errorf("%q is read back as %q", s, got[name])
				break
			}
		}
	}
}
