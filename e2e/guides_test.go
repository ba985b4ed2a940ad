package e2e

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// guide is how a page of docs/guide is typed.
type guide struct {
	commands int // at least
	// own names the test that types the page in its own way.
	own string
	// addresses are those of empty servers, 127.0.0.1:2379 by default. The first is also
	// ETCDCTL_ENDPOINTS, if it is the only one.
	addresses []string
	// others are those of more empty servers.
	others []string
	// starts are the addresses of the servers that the page starts.
	starts []string
	// node is the URL of the etcd of the node of Kubernetes that the reader is on.
	node string
	// needs is a program that the reader has installed.
	needs string
}

func allGuides() map[string]guide {
	return map[string]guide{
		"access-as-code.md":    {commands: 10},
		"authentication.md":    {commands: 12},
		"certificates.md":      {commands: 15, addresses: none, starts: []string{"127.0.0.1:2379", "127.0.0.1:2380"}},
		"large-key-spaces.md":  {commands: 11, others: []string{"127.0.0.1:12379"}},
		"locked-out.md":        {commands: 40, starts: []string{"127.0.0.1:12379", "127.0.0.1:12380", "127.0.0.1:22379", "127.0.0.1:22380"}},
		"maintenance.md":       {commands: 15, starts: []string{"127.0.0.1:12379", "127.0.0.1:12380", "127.0.0.1:22379", "127.0.0.1:22380"}},
		"provisioning.md":      {commands: 15, needs: "ansible-playbook"},
		"replacing-etcdctl.md": {commands: 14, node: "https://127.0.0.1:2379"},
		"reviewing-access.md":  {commands: 10},
		"several-clusters.md":  {commands: 20, addresses: []string{"127.0.0.1:2379", "127.0.0.1:12379", "127.0.0.1:22379"}, node: "https://10.0.0.1:2379"},
		"shell.md":             {own: "TestGuideOnTheShell"},
		"why-denied.md":        {commands: 13},
		"why-no-connection.md": {commands: 8},
	}
}

// none are the addresses of a page without servers.
var none = []string{}

// TestGuides types the guides, each in an empty folder.
func TestGuides(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(slices.Sorted(maps.Keys(allGuides())), guides(t)); diff != "" {
		t.Errorf("each page of docs/guide needs an entry (-entries +pages):\n%s", diff)
	}
	for name, g := range allGuides() {
		if g.own != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g.run(t, "docs/guide/"+name)
		})
	}
}

// run types a page in the folder of ectl, or in one that has as much of it as pages use.
func (g guide) run(t *testing.T, file string) {
	t.Helper()
	if _, err := exec.LookPath(g.needs); g.needs != "" && err != nil {
		t.Skip(g.needs + " is not installed")
	}
	p := page{file: file, dir: folderOfEctl(t), servers: map[string]string{}, environ: readersEnvironment(t, t.TempDir())}
	// Ansible 2.17 and newer warn that they have searched for Python.
	p.environ = append(p.environ, "ANSIBLE_PYTHON_INTERPRETER=auto_silent")
	if g.addresses == nil {
		g.addresses = []string{"127.0.0.1:2379"}
	}
	for _, address := range slices.Concat(g.addresses, g.others) {
		server := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir()})
		p.servers[address] = strings.TrimPrefix(server.Endpoint(), "http://")
	}
	if len(g.addresses) == 1 {
		p.environ = append(p.environ, "ETCDCTL_ENDPOINTS="+p.servers[g.addresses[0]])
	}
	for _, address := range g.starts {
		p.servers[address] = freeAddress(t)
	}
	if g.node != "" {
		address := freeAddress(t)
		p.servers[g.node] = "https://" + address
		p.node = newNode(t, address)
		p.environ[0] = strings.Replace(p.environ[0], "PATH=", "PATH=/usr/local/bin"+string(os.PathListSeparator), 1)
	}
	p.run(t, g.commands)
}

// folderOfEctl returns a folder with bin/ectl, and with what "make servers" puts into .cache.
func folderOfEctl(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	cache, err := filepath.Abs(etcdserver.CacheDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"bin": harness.EctlFolder(), ".cache": cache} {
		if err := os.Symlink(target, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// TestWorkflowRunsTheCommandsOfTheGuide compares the CI example with what the guide types.
func TestWorkflowRunsTheCommandsOfTheGuide(t *testing.T) {
	t.Parallel()
	blocks := blocksOf(harness.MustRead(t, harness.ProjectFile("docs", "guide", "access-as-code.md")))
	var lines []string
	for _, c := range typedLines(blocks) {
		lines = append(lines, c.lines)
	}
	found := 0
	for _, b := range blocks {
		for line := range strings.Lines(b.text) {
			command, isStep := strings.CutPrefix(strings.TrimSpace(line), "- run: ectl ")
			if !isStep {
				continue
			}
			found++
			command, _, _ = strings.Cut("ectl "+command, " | ")
			if !slices.ContainsFunc(lines, func(line string) bool {
				return strings.ReplaceAll(line, " --quiet", "") == strings.ReplaceAll(command, " --quiet", "")
			}) {
				t.Errorf("the guide does not type %q of the workflow", command)
			}
		}
	}
	if found < 4 {
		t.Errorf("the workflow has %d steps with ectl: the test no longer finds them", found)
	}
}

// policiesOf returns the policies that a page shows.
func policiesOf(t *testing.T, page string) []string {
	t.Helper()
	var policies []string
	for _, b := range blocksOf(harness.MustRead(t, page)) {
		if b.kind == "yaml" && strings.Contains("\n"+b.text, "\napiVersion:") {
			policies = append(policies, b.text)
		}
	}
	return policies
}

func writePassword(t *testing.T, path, password string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}
