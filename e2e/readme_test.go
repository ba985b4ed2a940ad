package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// TestREADME runs the console blocks of the README on a fresh etcd.
func TestREADME(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"root", "alice", "carol"} {
		writePassword(t, filepath.Join(dir, name+".password"), name+"'s secret")
	}
	runPage(t, harness.ProjectFile("README.md"), dir, etcdserver.Options{}, 10)
}

// TestGuideOnCertificates runs those of the page on an etcd that knows users by
// their certificates.
func TestGuideOnCertificates(t *testing.T) {
	t.Parallel()
	dir, pki := t.TempDir(), t.TempDir()
	f := harness.NewCertificates(t, pki)
	for name, file := range map[string]string{
		"ca.crt": f.CA.CertFile(), "ca.key": f.CA.KeyFile(), "root.crt": f.Clients["root"].CertFile, "root.key": f.Clients["root"].KeyFile,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(harness.MustRead(t, file)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	runPage(t, harness.ProjectFile("docs", "guide", "certificates.md"), dir, etcdserver.Options{TLS: f.CA, ClientCertAuth: true, RootPassword: harness.RootPassword}, 8)
}

// TestGuideOnAccessAsCode runs those of the page with the policies that it shows.
func TestGuideOnAccessAsCode(t *testing.T) {
	t.Parallel()
	dir, page := t.TempDir(), harness.ProjectFile("docs", "guide", "access-as-code.md")
	policies := policiesOf(t, page)
	if len(policies) != 2 {
		t.Fatalf("%s shows %d policies, want two", page, len(policies))
	}
	for name, text := range map[string]string{
		"policy.yaml": policies[0], "next.yaml": policies[1], "root.password": harness.RootPassword + "\n", "reporter.password": "battery-staple\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	runPage(t, page, dir, etcdserver.Options{RootPassword: harness.RootPassword}, 10)
}

// TestGuideOnReviewing runs those of the page with the policy and the waivers
// that it shows.
func TestGuideOnReviewing(t *testing.T) {
	t.Parallel()
	dir, page := t.TempDir(), harness.ProjectFile("docs", "guide", "reviewing-access.md")
	writePassword(t, filepath.Join(dir, "root.password"), harness.RootPassword)
	writePassword(t, filepath.Join(dir, "alice.password"), "alice's secret")
	policies := policiesOf(t, page)
	if len(policies) != 2 {
		t.Fatalf("%s shows %d policies, want two", page, len(policies))
	}
	for i, name := range []string{"policy.yaml", "waivers.yaml"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(policies[i]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	runPage(t, page, dir, etcdserver.Options{RootPassword: harness.RootPassword}, 10)
}

// TestGuides runs the console blocks of the guides that need no more than passwords.
func TestGuides(t *testing.T) {
	t.Parallel()
	for _, guide := range []struct {
		page     string
		commands int // at least
		auth     bool
	}{
		{"replacing-etcdctl.md", 7, false},
		{"provisioning.md", 12, false},
		{"large-key-spaces.md", 8, false},
		{"maintenance.md", 7, false},
		{"why-no-connection.md", 8, false},
		{"why-denied.md", 13, true},
	} {
		t.Run(guide.page, func(t *testing.T) {
			t.Parallel()
			dir, options := t.TempDir(), etcdserver.Options{}
			writePassword(t, filepath.Join(dir, "alice.password"), "alice's secret")
			if guide.auth {
				options.RootPassword = harness.RootPassword
				writePassword(t, filepath.Join(dir, "root.password"), harness.RootPassword)
			}
			runPage(t, harness.ProjectFile("docs", "guide", guide.page), dir, options, guide.commands)
		})
	}
}

// policiesOf returns the policies that a page shows.
func policiesOf(t *testing.T, page string) []string {
	t.Helper()
	var policies []string
	for part := range strings.SplitSeq(harness.MustRead(t, page), "```yaml\n") {
		if text, _, isBlock := strings.Cut(part, "```"); isBlock && strings.Contains(text, "\napiVersion:") || strings.HasPrefix(text, "apiVersion:") {
			policies = append(policies, text)
		}
	}
	return policies
}

// TestGuideOnAuthentication runs those of the page on a fresh etcd, with the
// policy that the page shows.
func TestGuideOnAuthentication(t *testing.T) {
	t.Parallel()
	dir, page := t.TempDir(), harness.ProjectFile("docs", "guide", "authentication.md")
	for _, name := range []string{"root", "app"} {
		writePassword(t, filepath.Join(dir, name+".password"), name+"'s secret")
	}
	policies := policiesOf(t, page)
	if len(policies) != 1 {
		t.Fatalf("%s shows %d policies, want one", page, len(policies))
	}
	if err := os.WriteFile(filepath.Join(dir, "policy.yaml"), []byte(policies[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	runPage(t, page, dir, etcdserver.Options{}, 12)
}

func writePassword(t *testing.T, path, password string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// aTime is how a time is written in pages and compared.
const aTime = "2026-05-01T12:00:00Z"

// runPage runs the console blocks of the page, in order, on a fresh etcd, and
// compares what they print. Standard error counts as output, as on a terminal. Times,
// durations, numbers of requests and the sizes of databases differ from run to run, so
// they are not compared. The server's address is that of a page. Settings of one block
// hold for the next.
func runPage(t *testing.T, page, dir string, options etcdserver.Options, atLeast int) {
	t.Helper()
	options.Dir = t.TempDir()
	server := harness.StartServer(t, options)
	commands, want := consoleBlocks(harness.MustRead(t, page))
	if len(commands) < atLeast {
		t.Fatalf("%s has %d commands in console blocks: the test no longer finds them", page, len(commands))
	}
	// One shell for all: the marker tells where the next command's output starts.
	const marker = "==next=="
	script := "exec 2>&1\n"
	for _, command := range commands {
		script += command + "\necho " + marker + "\n"
	}
	shell := exec.CommandContext(context.WithoutCancel(t.Context()), "sh", "-c", script)
	shell.Dir = dir
	// The variables of the tests, such as ECTL_BIN, are unknown to the program.
	environ := slices.DeleteFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, "ECTL_") })
	shell.Env = append(slices.Clone(environ), "PATH="+harness.EctlFolder()+string(os.PathListSeparator)+os.Getenv("PATH"),
		"ETCDCTL_ENDPOINTS="+server.Endpoints()[0])
	out, err := shell.Output()
	if err != nil {
		t.Fatalf("the commands of %s: %v", page, err)
	}
	all := strings.ReplaceAll(string(out), server.Endpoints()[0], "http://127.0.0.1:2379")
	got := strings.Split(all, marker+"\n")
	for i, command := range commands {
		if diff := cmp.Diff(comparableOutput(want[i]), comparableOutput(got[i])); diff != "" {
			t.Errorf("$ %s (-%s +real):\n%s", command, page, diff)
		}
	}
}

// comparableOutput replaces what differs from run to run.
func comparableOutput(output string) string {
	for _, varying := range []struct{ pattern, name string }{
		{`20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ`, aTime},
		{`\d+ requests,`, "some requests,"},
		{`took( = |: |\. took | )[0-9.]+(ns|µs|ms|s)`, "took some time"},
		{`\d[0-9.]* [kM]?B before, \d[0-9.]* [kM]?B now`, "some before, less now"},
	} {
		output = regexp.MustCompile(varying.pattern).ReplaceAllString(output, varying.name)
	}
	return output
}

// consoleBlocks returns the commands of the console blocks of a Markdown text,
// and what follows each.
func consoleBlocks(text string) (commands, output []string) {
	inside := false
	for line := range strings.Lines(text) {
		switch {
		case line == "```console\n":
			inside = true
		case line == "```\n":
			inside = false
		case inside && strings.HasPrefix(line, "$ "):
			commands = append(commands, strings.TrimSpace(line[2:]))
			output = append(output, "")
		case inside && len(output) > 0:
			output[len(output)-1] += line
		}
	}
	return commands, output
}
