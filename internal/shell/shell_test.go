package shell

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/nasty"
	"github.com/ectl-io/ectl/internal/visible"
)

// program is the name by which the shells of the tests call this test binary,
// which then writes its arguments: how many, and each with a NUL behind it.
const program = "arguments"

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) != program {
		m.Run() // the status of the process follows it
		return
	}
	shown := fmt.Sprintf("%d\x00", len(os.Args)-1)
	for _, arg := range os.Args[1:] {
		shown += arg + "\x00"
	}
	if _, err := io.WriteString(iostreams.System().Out, shown); err != nil {
		panic(err)
	}
}

func TestANameIsOneVisibleArgument(t *testing.T) {
	for word, want := range map[string]string{
		"":                 `''`,
		"app":              `app`,
		"/app/a-b_c.d":     `/app/a-b_c.d`,
		"two words":        `'two words'`,
		"it's":             `'it'\''s'`,
		`\'x`:              `\\\''x'`,
		"$(reboot)":        `'$(reboot)'`,
		"-dash":            `'-dash'`,
		"%self":            `'%self'`,
		"a=b":              `'a=b'`,
		"имя":              `'имя'`,
		"a\nb":             `"$(printf 'a\012b')"`,
		"-\x1b[31m 100%":   `"$(printf '\055\033\13331m 100%%')"`,
		"\xff'\\\x01":      `"$(printf '\377\047\134\001')"`,
		"\u202eevil\u200b": `"$(printf '\342\200\256evil\342\200\213')"`,
	} {
		t.Run(word, func(t *testing.T) {
			if got, ok := Quote(word); got != want || !ok {
				t.Errorf("Quote(%q) = %s, %v, want %s", word, got, ok, want)
			}
		})
	}
	for _, word := range []string{"\n", "a\n", "\x00", "a\x00b"} {
		t.Run(word, func(t *testing.T) {
			if got, ok := Quote(word); ok {
				t.Errorf("Quote(%q) = %s, which no shell reads as that", word, got)
			}
		})
	}
}

// shells are the shells, and how they are started to read commands from a file
// that is named last, or from standard input as if a user typed them.
var shells = []struct {
	name              string
	file, interactive []string
}{
	{"bash", nil, []string{"--norc", "--noprofile", "-i"}},
	{"zsh", []string{"-f"}, []string{"-f", "-i"}},
	{"zsh with options", []string{"-f", "-o", "RC_QUOTES", "-o", "EXTENDED_GLOB", "-o", "MAGIC_EQUAL_SUBST", "-o", "GLOB_SUBST"}, []string{"-f", "-i", "-o", "RC_QUOTES", "-o", "INTERACTIVE_COMMENTS"}},
	{"dash", nil, []string{"-i"}},
	{"fish", []string{"--no-config"}, []string{"--no-config", "-i"}},
}

func TestFourShellsReadTheSameArguments(t *testing.T) {
	words, err := nasty.Keys(1, 100)
	if err != nil {
		t.Fatal(err)
	}
	words = slices.DeleteFunc(words, func(word string) bool {
		_, ok := Quote(word)
		if !ok && !strings.HasSuffix(word, "\n") {
			t.Errorf("no command line has the name %q", word)
		}
		return !ok
	})
	if len(words) < 400 {
		t.Fatalf("only %d names have a command line", len(words))
	}
	const together = 40 // in one command line, since starting a program takes time
	var script strings.Builder
	var want [][]string
	for some := range slices.Chunk(words, together) {
		args := slices.Concat(some, []string{"-x", "", "--"}, some)
		line, _ := Line(slices.Concat([]string{program}, args)...)
		if !visible.Is(line) {
			t.Errorf("%q is not one line of visible characters", line)
		}
		script.WriteString(line + "\n")
		want = append(want, args)
	}
	for _, shell := range shells {
		for _, locale := range []string{"C", "C.UTF-8"} {
			for _, interactive := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/interactive=%v", shell.name, locale, interactive), func(t *testing.T) {
					t.Parallel()
					bin := strings.Fields(shell.name)[0]
					if _, err := exec.LookPath(bin); err != nil {
						t.Skipf("%s is not installed", bin)
					}
					dir := t.TempDir()
					cmd := exec.CommandContext(t.Context(), bin, shell.interactive...)
					cmd.Stdin = strings.NewReader(script.String())
					if !interactive {
						cmd = exec.CommandContext(t.Context(), bin, slices.Concat(shell.file, []string{"script"})...)
					}
					cmd.Dir = dir
					compare(t, cmd, dir, locale, script.String(), want)
				})
			}
		}
	}
}

// compare runs cmd and compares what program was called with.
func compare(t *testing.T, cmd *exec.Cmd, dir, locale, script string, want [][]string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir() // the folder in which the shell works stays as it was
	if err := os.Symlink(self, filepath.Join(bin, program)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "script"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	if last := len(cmd.Args) - 1; cmd.Args[last] == "script" {
		cmd.Args[last] = filepath.Join(bin, "script")
	}
	cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "LC_ALL=" + locale, "HOME=" + bin, "TERM=dumb", "HISTFILE="}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Errorf("%v: %v", cmd.Args, err)
	}
	got := calls(t, stdout.String())
	for i := range want {
		if i >= len(got) {
			t.Fatalf("%d of %d command lines were run; standard error: %.2000s", len(got), len(want), &stderr)
		}
		for j, word := range want[i] {
			if j >= len(got[i]) || got[i][j] != word {
				line, _ := Line(want[i]...)
				t.Fatalf("the shell reads %q as %q; argument %d should be %q", line, got[i], j, word)
			}
		}
		if len(got[i]) > len(want[i]) {
			t.Fatalf("%q are more arguments than %q", got[i], want[i])
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("a name made files: %v, %v", left, err)
	}
}

// calls reads what program wrote.
func calls(t *testing.T, written string) [][]string {
	t.Helper()
	var all [][]string
	fields := strings.Split(strings.TrimSuffix(written, "\x00"), "\x00")
	for len(fields) > 1 {
		n, err := strconv.Atoi(fields[0])
		if err != nil || n >= len(fields) {
			t.Fatalf("%.200q is no number of arguments", fields[0])
		}
		all = append(all, fields[1:n+1])
		fields = fields[n+1:]
	}
	return all
}
