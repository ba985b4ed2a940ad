package e2e

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/e2e/parity"
)

// The number of random command lines of one group.
const (
	randomLines       = 240
	randomLinesOfSoak = 10000
)

// randomGroup is a number of random command lines of one kind.
type randomGroup struct {
	name, head, version string
	count               uint64
	line                func(*lineGenerator) string
}

// randomGroups returns the groups for servers of the given versions.
func randomGroups(lines uint64, versions []string) []randomGroup {
	groups := []randomGroup{
		{"open", randomHead, etcdserver.Latest, lines, (*lineGenerator).line},
		{"cluster", leasesHead, etcdserver.Latest, lines / 3, (*lineGenerator).clusterLine},
		{"members", "server -members 3\nsame-server\nsetup put k v\nsetup put k w\n", etcdserver.Latest, lines / 12, (*lineGenerator).endpointLine},
		{"locks", "effects-differ\n", etcdserver.Latest, lines / 24, (*lineGenerator).lockLine},
	}
	for _, version := range versions {
		head := "server -auth -version " + version + "\nenv ETCDCTL_USER=root:rootpw\n"
		access := lines
		if version != etcdserver.Latest {
			access /= 3
		}
		groups = append(groups, randomGroup{version, head + randomHead, version, access, (*lineGenerator).line})
		if !strings.HasPrefix(version, "3.4.") { // which has other texts, and not all that the lines want
			groups = append(groups, randomGroup{"cluster-" + version, head + leasesHead, version, lines / 16, (*lineGenerator).clusterLine})
		}
	}
	return groups
}

// TestParityOfRandomCommandLines compares random command lines.
// A line must be answered alike, or differ in exactly one of the ways that
// docs/compatibility.md lists. The lines are the same in every run; to explore,
// set ECTL_RANDOM_SEED and ECTL_RANDOM_LINES. With ECTL_SOAK set there are
// thousands.
func TestParityOfRandomCommandLines(t *testing.T) {
	seed := number(t, "ECTL_RANDOM_SEED", 1)
	otherwise := uint64(randomLines)
	if os.Getenv("ECTL_SOAK") != "" {
		otherwise = randomLinesOfSoak
	}
	groups := randomGroups(number(t, "ECTL_RANDOM_LINES", otherwise), etcdserver.Versions())
	slots := make(chan struct{}, groupsAtOnce)
	for _, group := range groups {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			generator := &lineGenerator{rand.New(rand.NewPCG(seed, uint64(len(group.head))))}
			text := group.head
			for range group.count {
				text += group.line(generator) + "\n"
			}
			compareRandomLines(t, text)
		})
	}
}

// compareRandomLines compares the command lines of a group.
func compareRandomLines(t *testing.T, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "random.txt")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	group, err := parity.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	run := newGroupRun(t, group)
	for _, c := range group.Cases {
		reference, ours := run.runBoth(t, c)
		if !alike(reference, ours) && !explained(reference, ours) {
			t.Errorf("%s\nstdin: %q\nreference: status %s\n%s\nours: status %s\n%s", c.Text, c.Stdin,
				reference.Status, indent(reference), ours.Status, indent(ours))
		}
	}
	if !group.SameServer && !group.EffectsDiffer {
		run.compareServers(t)
	}
}

func number(t *testing.T, variable string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

func alike(reference, ours harness.Result) bool {
	line := serverError(reference.Stderr)
	help := strings.Contains(reference.Stdout, "Usage:") && strings.Contains(ours.Stdout, "Usage:") // in words of our own
	return (help || reference.Stdout == ours.Stdout) && reference.Status == ours.Status &&
		(line == "" || hasLineWithPrefix(ours.Stderr, line)) &&
		(ours.Status == "0" || ours.Stderr != "")
}

// explained says whether one of the listed differences is all that differs.
func explained(reference, ours harness.Result) bool {
	for id := range differences {
		if showsDifference(id, reference, ours) == nil {
			return true
		}
	}
	return false
}

const randomHead = `lease 1f 3600
setup role add r1
setup role add app
setup user add alice:pw
setup user add bob:pw
setup put a 1
setup put /x/1 1
setup put /x/2 2
setup put a 2

`

// lineGenerator makes command lines that are mostly right: few names, so that
// they meet again, and now and then an argument too few or too many.
type lineGenerator struct{ *rand.Rand }

func (g *lineGenerator) line() string {
	keys := []string{"a", "a1", "a2", "/x/", "/x/1", "/x/2", "''", "b", `$'\xff'`, `$'\x01\xfe'`, "zz", "'k k'", "0", "-k", "é"}
	values := []string{"v1", "v2", "''", `$'\xfe\x02v'`, "'long value'", "-v"}
	users := []string{"alice", "bob", "root", "u1", "u2", "''", "alice:pw", "u1:a:b", ":pw", "é"}
	roles := []string{"r1", "r2", "root", "app", "''", "é"}
	access := []string{"read", "write", "readwrite", "READ", "nope"}

	var command string
	switch g.IntN(15) {
	case 0, 1, 2, 3:
		command = g.pick("get", "get", "ge", "g") + g.flags("--prefix", "--prefix", "--from-key", "--keys-only", "--limit 1", "--limit 2",
			"--rev 3", "--rev 7", "--order DESCEND", "--order ascend", "--sort-by VALUE", "--sort-by modify", "--sort-by CREATE",
			"--print-value-only", "--consistency s", "--min-mod-rev 4", "--max-mod-rev 9", "--min-create-rev 3", "--max-create-rev 8",
			"--count-only", "--stream") + g.args(keys) + g.pick("", "", g.args(keys))
	case 4, 5:
		command = "put" + g.flags("--prev-kv", "--ignore-value", "--ignore-lease", "--lease 1f", "--lease 2f", "--lease zz") + g.args(keys, values)
	case 6:
		command = "del --range" + g.flags("--prefix", "--from-key", "--prev-kv") + g.args(keys) + g.pick("", "", g.args(keys))
	case 7:
		command = "user add" + g.flags("--no-password", "--new-user-password=pw", "--interactive=false") + g.args(users)
	case 8:
		command = "user " + g.pick("get", "get", "get --detail", "delete", "list", "ge", "d", "l") + g.args(users)
	case 9:
		command = "user " + g.pick("grant-role", "revoke-role", "gr", "r") + g.args(users, roles)
	case 10:
		command = "role " + g.pick("add", "get", "get", "delete", "list", "a", "ge", "l") + g.args(roles)
	case 11, 12:
		command = "role grant-permission" + g.flags("--prefix", "--from-key") + g.args(roles, access, keys) + g.pick("", "", g.args(keys))
	case 13:
		command = g.pick("auth status", "auth st", "auth enable x", "user list", "role list", "version")
	default:
		command = "role revoke-permission" + g.flags("--prefix", "--from-key") + g.args(roles, keys) + g.pick("", "", g.args(keys))
	}
	return g.environment() + "etcdctl " + command + g.global() + stdin("from stdin")
}

func (g *lineGenerator) pick(from ...string) string { return from[g.IntN(len(from))] }

// flags is none, one or several of these.
func (g *lineGenerator) flags(from ...string) string {
	text := ""
	for g.IntN(2) == 0 {
		text += " " + g.pick(from...)
	}
	return text
}

// args is one word of each set, rarely one too few or too many.
func (g *lineGenerator) args(sets ...[]string) string {
	var text strings.Builder
	for _, set := range sets {
		if g.IntN(12) > 0 {
			text.WriteString(" " + g.pick(set...))
		}
	}
	if g.IntN(15) == 0 {
		text.WriteString(" " + g.pick(sets[0]...))
	}
	return text.String()
}

func (g *lineGenerator) global() string {
	text := ""
	if g.IntN(2) == 0 {
		text += " -w " + g.pick("json", "json", "simple", "fields", "protobuf", "table", "xml")
	}
	if g.IntN(6) == 0 {
		text += " --hex"
	}
	if g.IntN(30) == 0 {
		text += g.pick(" --password x", " --debug=false", " --command-timeout 3s", " --nope", " -x", " --limit 1")
	}
	return text
}

func (g *lineGenerator) environment() string {
	if g.IntN(20) > 0 {
		return ""
	}
	return g.pick("ETCDCTL_HEX=true ", "ETCDCTL_WRITE_OUT=json ", "ETCDCTL_DEBUG=0 ", "ETCDCTL_NOPE=1 ", "ETCDCTL_COMMAND_TIMEOUT=9s ")
}
