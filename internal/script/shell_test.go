package script

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pieces are what a random line is made of. The characters with which a shell begins
// something else, such as a pipe, are always quoted.
func pieces() []string {
	return []string{
		" ", "\t", "  ", "a", "b c", "é", "-", "=", ":", "/", ".", ",", "@", "%", "+", "{", "}", "]", "#", " #",
		`\ `, `\\`, `\'`, `\"`, `\$`, `\#`, `\|`, `\*`, `\a`, "\\\n",
		`'`, `"`, `''`, `""`, `'a b'`, `"a b"`, `'"'`, `"'"`, `'$A'`, `"\$A"`, `"\a\\"`, `'\'`, "'\n'", "\"\n\"", `'|;&<>()*?[~'`, `"|;&<>()*?[~"`,
		"$A", "${A}", `"$A"`, `"${B}"`, "${C}x", "${D}",
	}
}

// A random line has the words that dash reads. dash does not split the values of its
// variables if IFS is empty, and expands no patterns after set -f.
func TestRandomLinesHaveTheWordsThatDashReads(t *testing.T) {
	dash, err := exec.LookPath("dash")
	if err != nil {
		t.Skip("dash is not installed")
	}
	variables := map[string]string{"A": "two words", "B": "", "C": `'"\$x`, "D": "*"}
	lookup := func(name string) (string, bool) {
		value, ok := variables[name]
		return value, ok
	}
	random, all := rand.New(rand.NewPCG(1, 2)), pieces()
	var lines []string
	for len(lines) < 500 {
		var line strings.Builder
		line.WriteString("x ")
		for range 1 + random.IntN(12) {
			line.WriteString(all[random.IntN(len(all))])
		}
		if parsed, err := Parse([]byte(line.String()), lookup); err == nil && len(parsed) == 1 {
			lines = append(lines, line.String())
		}
	}
	var program strings.Builder
	program.WriteString("set -f; IFS=\nx() { printf '%s\\0' \"$#\" \"$@\"; }\n")
	for _, line := range lines {
		program.WriteString(line + "\n")
	}
	file := filepath.Join(t.TempDir(), "lines")
	if err := os.WriteFile(file, []byte(program.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), dash, file)
	cmd.Env = []string{"LC_ALL=C"}
	for name, value := range variables {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("dash: %v", err)
	}
	for _, line := range lines {
		parsed, _ := Parse([]byte(line), lookup)
		words := parsed[0].Words[1:]
		if typed, err := ParseTyped(line, lookup); err != nil || len(typed) != 1 || !slices.Equal(typed[0].Words, parsed[0].Words) || typed[0].Tail != "" {
			t.Fatalf("%q is in the shell %v, %v", line, typed, err)
		}
		want := fmt.Sprintf("%d\x00", len(words))
		for _, word := range words {
			want += word + "\x00"
		}
		if !bytes.HasPrefix(out, []byte(want)) {
			t.Fatalf("%q has the words %q, dash reads %q", line, words, out[:min(len(out), 80)])
		}
		out = out[len(want):]
	}
	if len(out) > 0 {
		t.Errorf("dash has more words: %q", out)
	}
}
