package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ectl-io/ectl/e2e/harness"
)

// updatePages writes the real output into the pages: go test -run 'TestREADME|TestGuide' -update-pages .
var updatePages = flag.Bool("update-pages", false, "write the output of the commands into the pages that show them")

// A page is a document whose lines a reader types, in order, in an empty folder:
//
//	```console               lines after "$ " are typed into bash, with the lines
//	$ cat <<END              after "> " that continue them. The others are the
//	> hello                  output, of which only volatile parts may differ.
//	> END
//	hello
//	```
//
//	Save this as `FILE`:     the next block is saved in that file.
//
//	```terminal              a session of "ectl shell": see guide_shell_test.go
//
// Blocks of the kind text are not typed, and neither is yaml that no sentence saves:
// fragments, and commands that need a machine that a test cannot have. There are no other
// kinds.
type page struct {
	file string // relative to the root of the project
	// servers are the addresses of servers, by the addresses that the page gives them.
	servers map[string]string
	dir     string   // the reader's folder
	environ []string // of the reader's shell
	node    *node    // the machine of the reader, if it is not this one
}

// block is a fenced block of a page.
type block struct {
	kind, text string
	line       int    // number of its first line
	file       string // name of the file that it is saved in
}

// fence finds blocks. The sentence before a file names it.
var fence = regexp.MustCompile("(?m)(?:Save this as\\s`([^`\n]+)`[^`:]*:\n\n)?^```([a-z]*)\n((?:.*\n)*?)```$")

func blocksOf(text string) []block {
	var blocks []block
	for _, at := range fence.FindAllStringSubmatchIndex(text, -1) {
		b := block{kind: text[at[4]:at[5]], text: text[at[6]:at[7]], line: 1 + strings.Count(text[:at[6]], "\n")}
		if at[2] >= 0 {
			b.file = text[at[2]:at[3]]
		}
		blocks = append(blocks, b)
	}
	return blocks
}

// typed is a command of a page, or a file that the reader saves.
type typed struct {
	lines  string // as they are typed, without prompts
	output string // as the page shows it
	line   int
	saved  bool
}

// typedLines returns what the reader types, in order.
func typedLines(blocks []block) []typed {
	var all []typed
	for _, b := range blocks {
		if b.file != "" {
			const end = "END-OF-THE-FILE"
			all = append(all, typed{lines: fmt.Sprintf("mkdir -p '%s' && cat > '%s' <<'%s'\n%s%s", path.Dir(b.file), b.file, end, b.text, end), line: b.line, saved: true})
			continue
		}
		if b.kind != "console" {
			continue
		}
		continues := false
		line := b.line
		for text := range strings.Lines(b.text) {
			last := len(all) - 1
			switch {
			case strings.HasPrefix(text, "$ "):
				all = append(all, typed{lines: strings.TrimRight(text[2:], "\n"), line: line})
				continues = true
			case continues && strings.HasPrefix(text, "> "):
				all[last].lines += "\n" + strings.TrimRight(text[2:], "\n")
			default:
				all[last].output += text
				continues = false
			}
			line++
		}
	}
	return all
}

// readersEnvironment is the environment of a reader on a fresh machine, with ectl and the
// folder .local/bin on the PATH, and nothing else set. Home is an empty folder.
func readersEnvironment(t testing.TB, home string) []string {
	t.Helper()
	return append([]string{
		"PATH=" + strings.Join([]string{harness.EctlFolder(), filepath.Join(home, ".local", "bin"), os.Getenv("PATH")}, string(os.PathListSeparator)),
		"HOME=" + home, "LC_ALL=C.UTF-8", "TERM=dumb",
	}, harness.CoverageEnv()...)
}

// run types the lines of the page, and compares what they print. Standard error counts as
// output, as on a terminal.
func (p page) run(t *testing.T, atLeast int) {
	t.Helper()
	if p.dir == "" {
		p.dir = t.TempDir()
	}
	if p.environ == nil {
		p.environ = readersEnvironment(t, t.TempDir())
	}
	file := harness.ProjectFile(strings.Split(p.file, "/")...)
	text := harness.MustRead(t, file)
	blocks := blocksOf(text)
	for _, b := range blocks {
		if b.file == "" && !slices.Contains([]string{"console", "text", "yaml", "terminal"}, b.kind) {
			t.Errorf("%s:%d: a block of the kind %q is not typed: use console, text, or \"Save this as\"", p.file, b.line, b.kind)
		}
	}
	commands := typedLines(blocks)
	if len(commands) < atLeast {
		t.Fatalf("%s has %d commands: the test no longer finds them", p.file, len(commands))
	}
	var toReal, toPage []string
	for shown, address := range p.servers {
		toReal = append(toReal, shown, address)
		toPage = append(toPage, address, shown)
	}
	// One shell for all: the marker tells where the output of the next command starts.
	const marker = "==next=="
	var script strings.Builder
	script.WriteString("exec 2>&1 </dev/null\ntrap 'kill $(jobs -p); wait' EXIT\n")
	if p.node != nil {
		script.WriteString(p.node.prepare)
	}
	for _, c := range commands {
		fmt.Fprintf(&script, "%s\necho %s\n", c.lines, marker)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute) // ends a hang
	defer cancel()
	line := []string{"bash", "--noprofile", "--norc", "-c", strings.NewReplacer(toReal...).Replace(script.String())}
	if p.node != nil {
		line = slices.Concat(p.node.unshare, line)
	}
	shell := exec.CommandContext(ctx, line[0], line[1:]...)
	shell.Dir, shell.Env = p.dir, p.environ
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	shell.Cancel = func() error { return syscall.Kill(-shell.Process.Pid, syscall.SIGTERM) }
	out, err := shell.Output()
	if err != nil {
		t.Fatalf("the commands of %s: %v\n%s", p.file, err, out)
	}
	got := strings.Split(strings.NewReplacer(toPage...).Replace(string(out)), marker+"\n")
	if len(got) != len(commands)+1 {
		t.Fatalf("%s: %d of %d commands ran:\n%s", p.file, len(got)-1, len(commands), out)
	}
	if *updatePages {
		p.update(t, file, text, commands, got)
		return
	}
	for i, c := range commands {
		want, got := comparableOutput(c.output), comparableOutput(got[i])
		if len(p.servers) > 1 { // columns are as wide as the longest address
			columns := regexp.MustCompile(` {2,}`)
			want, got = columns.ReplaceAllString(want, "  "), columns.ReplaceAllString(got, "  ")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:%d: $ %s (-page +real):\n%s", p.file, c.line, c.lines, diff)
		}
	}
}

// update writes the real output into the page.
func (page) update(t *testing.T, file, text string, commands []typed, got []string) {
	t.Helper()
	next := 0
	text = fence.ReplaceAllStringFunc(text, func(all string) string {
		b := blocksOf(all)[0]
		if b.file != "" {
			next++
			return all
		}
		if b.kind != "console" {
			return all
		}
		var filled strings.Builder
		for range typedLines([]block{b}) {
			fmt.Fprintf(&filled, "$ %s\n", strings.ReplaceAll(commands[next].lines, "\n", "\n> "))
			output := got[next]
			if comparableOutput(output) == comparableOutput(commands[next].output) {
				output = commands[next].output
			}
			filled.WriteString(regexp.MustCompile(times).ReplaceAllString(output, aTime))
			next++
		}
		return strings.Replace(all, b.text, filled.String(), 1)
	})
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// aTime is how a time is written in pages and compared. Times matches every time.
const (
	aTime = "2026-05-01T12:00:00Z"
	times = `20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ`
)

// comparableOutput replaces what differs from run to run.
func comparableOutput(output string) string {
	for _, varying := range []struct{ pattern, name string }{
		{times, aTime},
		{`\d+ requests,`, "some requests,"},
		{` *\b[0-9a-f]{12,16}\b`, " an ID"},
		{`took( = |: |\. took | )[0-9.]+(ns|µs|ms|s)`, "took some time"},
		{`\d[0-9.]* [kM]?B before, \d[0-9.]* [kM]?B now`, "some before, less now"},
	} {
		output = regexp.MustCompile(varying.pattern).ReplaceAllString(output, varying.name)
	}
	return output
}

// guides returns the names of the pages in docs/guide.
func guides(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(harness.ProjectFile("docs", "guide", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range files {
		files[i] = filepath.Base(file)
	}
	return files
}
