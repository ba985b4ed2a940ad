package commands

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
)

// ran is what came of one run of the program.
type ran struct {
	code     exit.Code
	out, err string
}

func runAs(ctx context.Context, program, stdin string, environ []string, args ...string) ran {
	var out, err bytes.Buffer
	streams := &iostreams.Streams{In: strings.NewReader(stdin), Out: &out, Err: &err, Environ: environ}
	code := Run(ctx, program, streams, nil, args)
	return ran{code, out.String(), err.String()}
}

// nowhere is an environment in which nothing listens. A busy machine takes its
// time to find that out.
func nowhere() []string {
	return []string{"ETCDCTL_ENDPOINTS=127.0.0.1:1", "ETCDCTL_COMMAND_TIMEOUT=1s", "ETCDCTL_DIAL_TIMEOUT=1s"}
}

// runIt runs the program where nothing listens.
func runIt(t *testing.T, args ...string) ran {
	t.Helper()
	return runAs(t.Context(), "ectl", "", nowhere(), args...)
}

func TestStatusOfACommandLine(t *testing.T) {
	for line, want := range map[string]struct {
		code exit.Code
		err  string // in the one line of stderr
	}{
		"":                            {exit.Success, ""},
		"help":                        {exit.Success, ""},
		"help user add":               {exit.Success, ""},
		"user add --help":             {exit.Success, ""},
		"version":                     {exit.Success, ""},
		"--version":                   {exit.Success, ""},
		"options":                     {exit.Success, ""},
		"completion zsh":              {exit.Success, ""},
		"nonsense":                    {exit.Error, "nonsense"},
		"--nonsense":                  {exit.Error, "nonsense"},
		"lock l sh -c exit":           {exit.Error, "put a command with options after --"},
		"elect e p sh --norc":         {exit.Error, "put a command with options after --"},
		"watch k ls -l":               {exit.Error, "put a command with options after --"},
		"user add":                    {exit.BadArgs, "user name"},
		"user add a -w xml":           {exit.BadFeature, "unsupported output format"},
		"-w xml user list":            {exit.BadFeature, "unsupported output format"},
		"version -w xml":              {exit.BadFeature, "unsupported output format"},
		"completion tcsh":             {exit.Error, "tcsh"},
		"completion":                  {exit.Error, ""},
		"get a --order x":             {exit.BadFeature, "--order"},
		"get a --command-timeout=-1s": {exit.Error, "--command-timeout"}, // also in the environment
		"lock a --grace=-1s":          {exit.BadArgs, "--grace -1s: must not be negative"},
		"elect a b --grace=-1s":       {exit.BadArgs, "--grace -1s: must not be negative"},
		"get a --cacert= -w json":     {exit.BadArgs, "--cacert"},
		"get a --cert=":               {exit.BadArgs, "--cert"},
		"get a --key=":                {exit.BadArgs, "--key"},
		"get a --cacert /no/such":     {exit.BadArgs, "--cacert"},
		"get a --endpoints=x --endpoints=y --command-timeout=50ms": {exit.Error, "--endpoints"}, // also in the environment
		"get a":                        {exit.Error, "refused"},
		"user list":                    {exit.Error, "refused"},
		"user list --user root:secret": {exit.BadConnection, "refused"},
		"auth enable":                  {exit.Error, "refused"},
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			got := runIt(t, strings.Fields(line)...)
			if got.code != want.code || !strings.Contains(got.err, want.err) {
				t.Errorf("it ends with %d and %q, want %d and %q", got.code, got.err, want.code, want.err)
			}
			if want.code == exit.Success {
				if got.out == "" || got.err != "" {
					t.Errorf("it prints %q and on stderr %q, want something and nothing", got.out, got.err)
				}
				return
			}
			if got.out != "" || !strings.HasPrefix(got.err, "Error: ") || strings.Count(got.err, "\n") != 1 {
				t.Errorf("it prints %q and on stderr %q, want nothing and one line that begins with \"Error: \"", got.out, got.err)
			}
			if strings.Contains(got.err, "secret") {
				t.Errorf("it shows a password: %q", got.err)
			}
		})
	}
}

func TestTheProgramCallsItselfAsItWasCalled(t *testing.T) {
	for _, program := range []string{"ectl", "etcdctl", "my-etcdctl"} {
		t.Run(program, func(t *testing.T) {
			for _, args := range [][]string{{"help"}, {"user", "add", "--help"}, {"role", "get"}, {"nonsense"}, {"get", "--nonsense"}, {"completion", "bash"}, {"help", "completion"}, {"put", "--help"}} {
				got := runAs(t.Context(), program, "", nil, args...)
				all := got.out + got.err
				if !strings.Contains(all, program) {
					t.Errorf("%s %s does not name itself:\n%s", program, args, all)
				}
				if program == "my-etcdctl" {
					if rest := strings.ReplaceAll(all, program, ""); strings.Contains(rest, "ectl ") {
						t.Errorf("%s %s calls itself otherwise:\n%s", program, args, all)
					}
				}
			}
		})
	}
}

func TestTheVersionOfEtcdctl(t *testing.T) {
	const two = "etcdctl version: 3.7.3\nAPI version: 3.7\n"
	for _, args := range [][]string{{"version"}, {"version", "-w", "json"}, {"version", "-w", "xml"}, {"version", "--hex"}} {
		if got := runAs(t.Context(), "etcdctl", "", nil, args...); got.out != two || got.code != exit.Success {
			t.Errorf("etcdctl %s prints %q and ends with %d, want %q and 0", args, got.out, got.code, two)
		}
	}
	for _, program := range []string{"ectl", "etcdctl"} {
		for _, format := range []string{"simple", "json", "yaml"} {
			flag, command := runAs(t.Context(), program, "", nil, "--version", "-w", format), runAs(t.Context(), program, "", nil, "version", "-w", format)
			if flag != command || flag.out == "" {
				t.Errorf("%s --version -w %s: %+v, want what the command gives: %+v", program, format, flag, command)
			}
		}
	}
	if got := runAs(t.Context(), "ectl", "", nil, "version"); !strings.HasPrefix(got.out, "ectl version: ") || !strings.Contains(got.out, "Compatible with etcdctl: 3.7.3\n") {
		t.Errorf("ectl version prints %q", got.out)
	}
}

func TestOptionsListsEveryGlobalOptionWithItsVariable(t *testing.T) {
	f := cli.NewFactory("ectl", &iostreams.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard})
	NewRoot(f)
	got := runIt(t, "options").out
	n := 0
	f.Globals().VisitAll(func(flag *pflag.Flag) {
		n++
		if !strings.Contains(got, "--"+flag.Name+" ") || !strings.Contains(got, "[$"+cli.Variable(flag.Name)+"]") {
			t.Errorf("options says nothing of --%s with its variable", flag.Name)
		}
	})
	if n < 23 { // etcdctl 3.7.3 has 20
		t.Errorf("there are %d global options", n)
	}
}

func TestEveryCommandDescribesItself(t *testing.T) {
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s is described as %q, want a sentence without its full stop", cmd.CommandPath(), cmd.Short)
		}
		if !cmd.HasParent() || cmd.Parent().HasParent() || cmd.GroupID != "" || cmd.Hidden {
			for _, sub := range cmd.Commands() {
				visit(sub)
			}
			return
		}
		t.Errorf("%s is in no group of the help", cmd.CommandPath())
	}
	visit(newTestRoot())
}

func TestNoOptionHasTheNameOfAGlobalOne(t *testing.T) {
	// As in etcdctl, where the option of the connection comes first: see "role add".
	// "rbac can-i --as" is about the same user, but does not need its password.
	known := []string{"ectl role add --key", "ectl rbac can-i --as"}
	f := cli.NewFactory("ectl", &iostreams.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard})
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		cmd.LocalNonPersistentFlags().VisitAll(func(flag *pflag.Flag) {
			name := cmd.CommandPath() + " --" + flag.Name
			if f.Globals().Lookup(flag.Name) != nil && cmd.HasParent() && !slices.Contains(known, name) {
				t.Errorf("%s means something else than --%s everywhere", name, flag.Name)
			}
		})
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(NewRoot(f))
}

func TestNoEndpointsAreAnError(t *testing.T) {
	for _, args := range [][]string{{"get", "a", "--endpoints="}, {"user", "list", "--endpoints=", "--user=root:pw"}} {
		if got := runAs(t.Context(), "ectl", "", nil, args...); got.code != exit.BadConnection || got.err != "Error: etcdclient: no available endpoints\n" {
			t.Errorf("ectl %s ends with %d and %q, want %d and that there are no endpoints", args, got.code, got.err, exit.BadConnection)
		}
	}
}

// stuck is a closed pipe or a full disk.
type stuck struct{ err error }

func (s stuck) Write([]byte) (int, error) { return 0, s.err }

func TestAnOutputThatCannotBeWrittenIsAnError(t *testing.T) {
	var stderr bytes.Buffer
	streams := &iostreams.Streams{In: strings.NewReader(""), Out: stuck{errors.New("no space left on device")}, Err: &stderr}
	if code := Run(t.Context(), "ectl", streams, nil, []string{"version"}); code != exit.IO || stderr.String() != "Error: write the output: no space left on device\n" {
		t.Errorf("version into a full disk ends with %d and %q, want %d", code, &stderr, exit.IO)
	}
}

func TestAnInterruptIsNotPrinted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := runAs(ctx, "ectl", "", []string{"ETCDCTL_ENDPOINTS=127.0.0.1:1"}, "user", "list")
	if got.code == exit.Success || got.err != "" || got.out != "" {
		t.Errorf("an interrupted command ends with %d, %q, %q; want a failure and no text", got.code, got.out, got.err)
	}
}

func TestFormatsAndChoicesComplete(t *testing.T) {
	// Shells pick those that start with the word.
	const formats = "simple\nfields\njson\nprotobuf\ntable\nyaml\nndjson\ncsv\n"
	for line, want := range map[string]string{
		"user l":                      "list\tList all users\n",
		"us re":                       "revoke-role\tRevoke a role from a user\n",
		"user list -w js":             formats,
		"-w t":                        formats,
		"get --consistency ":          "l\tlinearizable, what the cluster agrees on\ns\tserializable, what the member knows\n",
		"get k --order A":             "ASCEND\nDESCEND\n",
		"completion z":                "zsh\n",
		"role grant-permission app r": "read\nreadwrite\n",
		"user add ":                   "",
		"user get ":                   "", // nothing listens
		"user get bob ":               "",
	} {
		t.Run(line, func(t *testing.T) {
			got := runIt(t, strings.Split("__complete "+line, " ")...)
			if words, directive, _ := strings.Cut(got.out, ":"); words != want || directive == "" {
				t.Errorf("%q completes to %q, want %q", line, words, want)
			}
			if strings.Contains(got.err, "rror") || strings.Contains(got.err, "arning") {
				t.Errorf("completing %q says %q", line, got.err)
			}
		})
	}
}

// A shell waits for the end of the output. A system call for each candidate would cost more
// than the query.
func TestACompletionIsWrittenAtOnce(t *testing.T) {
	for line, want := range map[string]string{"user ": "list\tList all users\n", "-w ": "json\n", "user get ": ":"} {
		var out countingWriter
		streams := &iostreams.Streams{In: strings.NewReader(""), Out: &out, Err: io.Discard, Environ: nowhere()}
		Run(t.Context(), "ectl", streams, nil, strings.Split("__complete "+line, " "))
		if out.writes != 1 || !strings.Contains(out.String(), want) {
			t.Errorf("the completion of %q has %d writes, want one with %q: %q", line, out.writes, want, out.String())
		}
	}
	full := &iostreams.Streams{In: strings.NewReader(""), Out: fullWriter{}, Err: io.Discard, Environ: nowhere()}
	if got := Run(t.Context(), "ectl", full, nil, []string{"__complete", "user", ""}); got != exit.IO {
		t.Errorf("a completion that cannot be written ends with %d, want %d", got, exit.IO)
	}
}

// countingWriter counts the writes.
type countingWriter struct {
	bytes.Buffer
	writes int
}

func (w *countingWriter) Write(p []byte) (int, error) {
	w.writes++
	return w.Buffer.Write(p)
}

// fullWriter is on a full disk.
type fullWriter struct{}

func (fullWriter) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// A shell, and these tests, run many command lines in one process.
func TestRunsHaveNothingInCommon(t *testing.T) {
	lines := [][]string{
		{"version", "-w", "json"}, {"version"}, {"options"}, {"help", "user"}, {"nonsense"}, {"get", "a", "--order", "x"}, {"user", "add", "bob:pw", "-w", "xml"},
		{"__complete", "user", ""}, {"completion", "bash"}, {"role", "grant-permission", "app", "read", "/a", "--prefix", "--from-key"},
		{"--hex", "-w", "table", "version"}, {"put", "k", "--lease", "zz", "v"},
	}
	var want []ran
	for _, line := range lines {
		want = append(want, runIt(t, line...))
	}
	var wait sync.WaitGroup
	problems := make(chan string, 1000)
	for worker := range 4 {
		wait.Go(func() {
			for round := range 5 {
				at := (worker*5 + round*7) % len(lines)
				for i := range lines {
					i = (i + at) % len(lines)
					got := runAs(t.Context(), "ectl", "", nowhere(), lines[i]...)
					if got != want[i] {
						problems <- fmt.Sprintf("%q, run beside others, gives %+v, want %+v", lines[i], got, want[i])
					}
				}
			}
		})
	}
	wait.Wait()
	close(problems)
	for problem := range problems {
		t.Error(problem)
	}
}

// A command line that names its command in full builds only that one: it must
// be the one of this name, and say of itself what it says in the whole tree.
func TestACommandAloneIsTheOneOfTheWholeTree(t *testing.T) {
	factory := func() *cli.Factory {
		return cli.NewFactory("ectl", &iostreams.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard})
	}
	whole := NewRoot(factory())
	help := func(root *cobra.Command, words ...string) string {
		var text bytes.Buffer
		root.SetOut(&text)
		root.SetArgs(append(words, "--help"))
		if err := root.Execute(); err != nil {
			t.Errorf("%q --help: %v", words, err)
		}
		return text.String()
	}
	for _, command := range topCommands() {
		line := []string{"--endpoints", "get", "--debug", command.name, "put"}
		alone := newRoot(factory(), line)
		var names []string
		for _, sub := range alone.Commands() {
			if sub.Name() != "help" {
				names = append(names, sub.Name())
			}
		}
		if !slices.Equal(names, []string{command.name}) {
			t.Errorf("%q builds %q", line, names)
			continue
		}
		if got, want := help(alone, command.name), help(whole, command.name); got != want {
			t.Errorf("help of %s alone:\n%s\nin the whole tree:\n%s", command.name, got, want)
		}
	}
	for _, line := range [][]string{{}, {"us"}, {"help", "user"}, {"__complete", "user"}, {"--user", "user"}, {"--", "user"}} {
		if got := len(newRoot(factory(), line).Commands()); got < len(topCommands()) {
			t.Errorf("%q builds %d commands", line, got)
		}
	}
}

func TestTheHelpListsFirstWhatANewcomerNeedsFirst(t *testing.T) {
	help := runIt(t, "--help").out
	at := -1
	for _, name := range []string{"get", "put", "compaction", "endpoint", "member", "downgrade", "user", "whoami", "lock", "run", "version", "help"} {
		next := strings.Index(help, "\n  "+name+" ")
		if next <= at {
			t.Errorf("%s is missing or too early in the help:\n%s", name, help)
		}
		at = next
	}
}
