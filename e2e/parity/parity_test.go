package parity

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestWordsAreTheShells(t *testing.T) {
	lookup := func(name string) (string, bool) { return "<" + name + ">", name != "UNKNOWN" }
	for _, c := range []struct {
		line string
		want []string
	}{
		{`a b`, []string{"a", "b"}},
		{`  a	b  `, []string{"a", "b"}},
		{`'' ""`, []string{"", ""}},
		{`'a b'"c d"e`, []string{"a bc de"}},
		{`'$X' "$X" $X x$X/y`, []string{"$X", "<X>", "<X>", "x<X>/y"}},
		{`$'\x00\xff\n\t\\'`, []string{"\x00\xff\n\t\\"}},
		{`"\"\\\$\n"`, []string{`"\$\n`}},
		{`\'a\ b`, []string{"'a b"}},
		{`$ $1`, []string{"$", "$1"}},
		{`K=V etcdctl --x=$CERT_root`, []string{"K=V", "etcdctl", "--x=<CERT_root>"}},
	} {
		words, err := split(c.line)
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
			continue
		}
		if got, err := expand(words, lookup); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q (%v), want %q", c.line, got, err, c.want)
		}
	}
	for _, bad := range []string{`'a`, `"a`, `$'a`, `$'\x4'`, `$'\xzz'`} {
		if words, err := split(bad); err == nil {
			t.Errorf("%s: no error but %v", bad, words)
		}
	}
	words, err := split("$UNKNOWN")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := expand(words, lookup); err == nil {
		t.Error("an unknown variable is no error")
	}
}

func read(t *testing.T, text string) (*Group, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "group.txt")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return ReadFile(file)
}

func TestGroupIsReadAsWritten(t *testing.T) {
	g, err := read(t, strings.Join([]string{
		"# comment",
		"server -auth -tls",
		"setup put k 'v w'",
		"env A=1 B=2",
		"lease 1f 60",
		"effects-differ",
		"",
		"X=$TMP etcdctl get k",
		"	stdin 'in'",
		"	limit 3s",
		"	differs some-id",
		"etcdctl user add bob",
		`	tty 'Password: ' 'pw\n'`,
		"	status-only",
	}, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if g.Name != "group" || !slices.Equal(g.Server, []string{"-auth", "-tls"}) || !g.EffectsDiffer ||
		!slices.Equal(g.Env, []string{"A=1", "B=2"}) || !slices.Equal(g.Leases, []Lease{{"1f", "60"}}) ||
		len(g.Setup) != 1 || !slices.Equal(g.Setup[0], []string{"put", "k", "v w"}) {
		t.Errorf("head: %+v", g)
	}
	if len(g.Cases) != 2 {
		t.Fatalf("%d cases, want 2", len(g.Cases))
	}
	first, second := g.Cases[0], g.Cases[1]
	if first.Line != 8 || first.Stdin != "in" || first.Limit != 3*time.Second || first.Differs != "some-id" || first.StatusOnly {
		t.Errorf("first case: %+v", first)
	}
	env, args, err := first.Command(func(string) (string, bool) { return "/tmp", true })
	if err != nil || !slices.Equal(env, []string{"X=/tmp"}) || !slices.Equal(args, []string{"get", "k"}) {
		t.Errorf("first case: env %q, args %q, error %v", env, args, err)
	}
	if !second.StatusOnly || !slices.Equal(second.Terminal, []Answer{{"Password: ", "pw\n"}}) {
		t.Errorf("second case: %+v", second)
	}
}

func TestMistakesInAGroupAreErrors(t *testing.T) {
	for _, text := range []string{
		"get k",
		"\tstdin x",
		"etcdctl get k\n\tnonsense",
		"etcdctl get k\n\tstdin",
		"etcdctl get k\n\tstdin a b",
		"etcdctl get k\n\tlimit soon",
		"etcdctl get k\n\tstdin $TMP",
		"etcdctl get 'k",
		"lease 1",
		"etcdctl get k\nsetup put k v",
	} {
		if g, err := read(t, text); err == nil {
			t.Errorf("%q is read as %+v", text, g)
		}
	}
}
