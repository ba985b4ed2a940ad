package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// completion is what a command line becomes at a Tab.
type completion struct{ typed, want string }

// completedAlike are command lines that every shell completes alike.
var completedAlike = []completion{
	// Commands, and their prefixes.
	{"ectl us", "ectl user "},
	{"ectl user li", "ectl user list "},
	{"ectl completion z", "ectl completion zsh "},
	// Names of users and roles.
	{"ectl user get al", "ectl user get alice "},
	{"ectl us get al", "ectl us get alice "},
	{"etcdctl us get al", "etcdctl us get alice "},
	{"ectl user get bob@example.c", "ectl user get bob@example.com "},
	{"ectl user get bo", "ectl user get bob@example."},
	{"ectl user get system:node:wo", "ectl user get system:node:worker "},
	{"ectl user get sys", "ectl user get system:node:w"},
	{"ectl user get ün", "ectl user get ünal "},
	{"ectl user grant-role alice au", "ectl user grant-role alice audit "},
	{"ectl us grant-role alice au", "ectl us grant-role alice audit "},
	{"ectl --dial-timeout $T user get al", "ectl --dial-timeout $T user get alice "},
	{"ectl --dial-timeout=$T us get al", "ectl --dial-timeout=$T us get alice "},
	// The roles that the user has.
	{"ectl user revoke-role alice a", "ectl user revoke-role alice app "},
	{"ectl user revoke-role bob@example.com a", "ectl user revoke-role bob@example.com a"},
	// Permissions.
	{"ectl role grant-permission audit readw", "ectl role grant-permission audit readwrite "},
	{"ectl role grant-permission audit w", "ectl role grant-permission audit write "},
	// Questions about access.
	{"ectl rb can-i readw", "ectl rb can-i readwrite "},
	{"ectl rbac can-i read /app/conf/nu", "ectl rbac can-i read /app/conf/number "},
	{"ectl rbac can-i read /app2/x --as al", "ectl rbac can-i read /app2/x --as alice "},
	{"ectl rbac who-can w", "ectl rbac who-can write "},
	{"ectl rbac matrix -w ht", "ectl rbac matrix -w html "},
	{"ectl rbac lint --fail-on m", "ectl rbac lint --fail-on medium "},
	{"ectl rbac lint --waivers ca-f", "ectl rbac lint --waivers ca-file.pem "},
	{"ectl get k -w ht", "ectl get k -w ht"},
	{"ectl role grant-permission audit read /app2/", "ectl role grant-permission audit read /app2/x "},
	{"ectl role revoke-permission app /s", "ectl role revoke-permission app /single "},
	{"ectl role revoke-permission app /app/ ", "ectl role revoke-permission app /app/ /app0 "},
	{"ectl role revoke-permission app /from ", "ectl role revoke-permission app /from --from-key "},
	{"ectl role revoke-permission app a-b=c:d", "ectl role revoke-permission app a-b=c:d@e "},
	{"ectl role revoke-permission app --prefix ", "ectl role revoke-permission app --prefix /app/ "},
	{"ectl role revoke-permission app --from-key ", "ectl role revoke-permission app --from-key /from "},
	// Formats and files.
	{"ectl get k -w prot", "ectl get k -w protobuf "},
	{"ectl get k --write-out=prot", "ectl get k --write-out=protobuf "},
	{"ectl --cacert ca-f", "ectl --cacert ca-file.pem "},
	{"ectl --password-file ca-f", "ectl --password-file ca-file.pem "},
	{"ectl --auth-jwt-token-file ca-f", "ectl --auth-jwt-token-file ca-file.pem "},
	{"ectl snapshot save ca-f", "ectl snapshot save ca-file.pem "},
	{"etcdctl snap save ca-f", "etcdctl snap save ca-file.pem "},
	{"ectl snapshot save x.db ca-f", "ectl snapshot save x.db ca-f"},
	{"ectl rbac plan -f ca-f", "ectl rbac plan -f ca-file.pem "},
	{"ectl user get-cert alice --csr ca-f", "ectl user get-cert alice --csr ca-file.pem "},
	{"ectl lock name -- ca-f", "ectl lock name -- ca-file.pem "},
	{"ectl lock name -- etcdc", "ectl lock name -- etcdctl "},
	{"ectl elect name proposal -- etcdc", "ectl elect name proposal -- etcdctl "},
	{"ectl lock name -- etcdctl ca-f", "ectl lock name -- etcdctl ca-file.pem "},
	{"ectl watch k -- ca-f", "ectl watch k -- ca-file.pem "},
	{"ectl --endpoints ca-f", "ectl --endpoints ca-f"},
	{"ectl get ca-f", "ectl get ca-f"},
	{"ectl lock ca-f", "ectl lock ca-f"},
	{"ectl elect ca-f", "ectl elect ca-f"},
	{"ectl elect name ca-f", "ectl elect name ca-f"},
	// What the cluster has.
	{"ectl lock /dep", "ectl lock /deploy "},
	{"ectl elect /app/lo", "ectl elect /app/locks/chief "},
	{"ectl member remove m", "ectl member remove m1 "},
	{"ectl move-leader m", "ectl move-leader m1 "},
	{"ectl downgrade enable 3", "ectl downgrade enable 3.6 "},
	{"ectl --endpoints http", "ectl --endpoints $ENDPOINT"},
	// Keys, level by level.
	{"ectl get /app/c", "ectl get /app/conf/"},
	{"ectl get /app/conf/ne", "ectl get /app/conf/nested/"},
	{"ectl get /app/conf/nu", "ectl get /app/conf/number "},
	{"ectl put /app/conf/nu", "ectl put /app/conf/number "},
	{"ectl get ur", "ectl get urn:isbn:123 "},
	{"ectl get urn:isbn:1", "ectl get urn:isbn:123 "},
	{"ectl get a-b=c:", "ectl get a-b=c:d@e "},
	{"ectl get a-b=c:d@", "ectl get a-b=c:d@e "},
	// What would need quoting is left out, and never run.
	{"ectl user get spa", "ectl user get spa"},
	{"ectl user get evi", "ectl user get evi"},
	{"ectl user get semi", "ectl user get semi"},
	{"ectl get /od", "ectl get /od"},
}

// listed are command lines with several ways to go on, which the shell shows.
var listed = []struct {
	typed string
	shown []string
	not   []string
}{
	{"ectl user ", []string{"add", "grant-role", "list", "passwd", "revoke-role"}, []string{"grant-permission"}},
	{"ectl user get ", []string{"alice", "bob@example.com", "system:node:witness", "system:node:worker", "ünal"}, []string{"space", "evil", "dash", "semi", "quo", "tab"}},
	{"ectl user revoke-role alice ", []string{"app", "backup"}, []string{"audit"}},
	{"ectl role revoke-permission app ", []string{"/app/", "/single", "read key /single", "readwrite prefix /app/", "read keys from /from"}, []string{"audit"}},
	{"ectl get /app/conf/", []string{"name", "nested/", "number"}, []string{"deep"}},
	{"ectl get z", []string{"zone", "zone/"}, nil},
	{"ectl lock ", []string{"/app/locks/backup", "/app/locks/deploy", "held, 1 waiter"}, []string{"odd", "evil", "chief"}},
	{"ectl lease revoke ", []string{"of 100000s left, /app/locks/chief/", "/evil$(touch pwned)/"}, nil},
	{"ectl get k -w ", []string{"simple", "fields", "json", "protobuf", "table", "yaml", "ndjson", "csv"}, nil},
}

func TestBashCompletesLive(t *testing.T) {
	testShell(t, bash(""))
}

func TestBashCompletesLiveWithBashCompletion(t *testing.T) {
	const library = "/usr/share/bash-completion/bash_completion"
	if _, err := os.Stat(library); err != nil {
		t.Skip("bash-completion is not installed")
	}
	testShell(t, bash(". "+library))
}

func bash(first string) shellSetup {
	return shellSetup{
		program: "bash",
		args:    []string{"--noprofile", "--rcfile", "rc", "-i"},
		rc:      "rc",
		setup: first + `
PS1='ready> '
source <(ectl completion bash)
source <(etcdctl completion bash)
bind 'set show-all-if-ambiguous on'
bind 'set bell-style none'
bind 'set page-completions off'
bind 'set completion-query-items 0'
bind 'set enable-bracketed-paste off'
dump() { printf %s "$READLINE_LINE" >line; printf '<dumped>'; }
bind -x '"\C-xd": dump'
`,
	}
}

func TestZshCompletesLive(t *testing.T) {
	testShell(t, shellSetup{
		program: "zsh",
		args:    []string{"-i"},
		rc:      ".zshrc", setup: `
PS1='ready> '
bindkey -e
setopt no_beep no_list_ambiguous
LISTMAX=1000000
autoload -U compinit
compinit -u -D
source <(ectl completion zsh)
source <(etcdctl completion zsh)
dump() { print -rn -- "$BUFFER" >line; print -n '<dumped>' >/dev/tty }
zle -N dump
bindkey '^Xd' dump
`,
	})
}

// shellSetup says how an interactive shell is started whose start-up file
// loads the script under test, and which on Ctrl-X d writes its command line
// into the file "line" and then says <dumped>.
type shellSetup struct {
	program string
	args    []string
	rc      string // the start-up file ...
	setup   string // ... and what is in it
}

// lacks says which of want text does not have, and which of not it has.
func lacks(text string, want, not []string) (wrong string) {
	for _, part := range want {
		if !strings.Contains(text, part) {
			wrong += fmt.Sprintf("%q is missing; ", part)
		}
	}
	for _, part := range not {
		if strings.Contains(text, part) {
			wrong += fmt.Sprintf("%q is there; ", part)
		}
	}
	if wrong != "" {
		wrong += fmt.Sprintf("it is %q", text)
	}
	return wrong
}

func testShell(t *testing.T, setup shellSetup) {
	t.Helper()
	if _, err := exec.LookPath(setup.program); err != nil {
		t.Skip(setup.program + " is not installed")
	}
	server := startForCompletion(t, etcdserver.Options{})
	s := startShell(t, setup, server)
	for _, c := range completedAlike {
		c.want = strings.Replace(c.want, "$ENDPOINT", server.Endpoint(), 1)
		t.Run(c.typed, func(t *testing.T) {
			harness.Retry(t, func() string {
				if line, _ := s.tab(t, c.typed); line != c.want {
					return fmt.Sprintf("%s makes %q of %q, want %q", setup.program, line, c.typed, c.want)
				}
				return ""
			})
		})
	}
	for _, c := range listed {
		t.Run(c.typed+" lists", func(t *testing.T) {
			harness.Retry(t, func() string {
				_, shown := s.tab(t, c.typed)
				return lacks(shown, c.shown, c.not)
			})
		})
	}
	// A server that cannot answer costs a moment and shows nothing.
	if err := server.Members[0].Pause(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Members[0].Continue() }()
	line, shown := s.tab(t, "ectl user get al")
	if line != "ectl user get al" || strings.Contains(shown, "rror") {
		t.Errorf("with a server that does not answer %s makes %q of the line and shows %q", setup.program, line, shown)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "pwned")); err == nil {
		t.Errorf("%s ran a command that was the name of a user or a key", setup.program)
	}
}

// interactiveShell is a shell at a pseudo-terminal.
type interactiveShell struct {
	*harness.Terminal
	dir string
}

func startShell(t *testing.T, setup shellSetup, server *etcdserver.Server) *interactiveShell {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{setup.rc: setup.setup, "ca-file.pem": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(setup.program, setup.args...)
	cmd.Dir = dir
	cmd.Env = append(shellEnv(dir, server), "TERM=xterm", "ZDOTDIR="+dir)
	s := &interactiveShell{harness.NewTerminal(t, 200, 160), dir}
	s.Start(cmd)
	s.MustShow("ready> ", 0)
	return s
}

func shellEnv(home string, server *etcdserver.Server) []string {
	env := harness.Env(home, "ETCDCTL_ENDPOINTS="+server.Endpoint(), "T=1s")
	env[0] = "PATH=" + harness.EctlFolder() + string(os.PathListSeparator) + os.Getenv("PATH")
	return env
}

// tab types the beginning of a command line and Tab. It returns what the line
// is then, and what the screen shows since. The line is discarded.
func (s *interactiveShell) tab(t *testing.T, typed string) (line, shown string) {
	t.Helper()
	from := s.Len()
	s.Type(typed + "\t\x18d")
	s.MustShow("<dumped>", from)
	shown = s.Since(from)
	content, err := os.ReadFile(filepath.Join(s.dir, "line"))
	if err != nil {
		t.Fatal(err)
	}
	line, shown = string(content), strings.TrimPrefix(shown, typed)
	s.Type("\x15") // Ctrl-U discards the line
	return line, shown
}

func TestFishCompletesLive(t *testing.T) {
	if _, err := exec.LookPath("fish"); err != nil {
		t.Skip("fish is not installed")
	}
	server := startForCompletion(t, etcdserver.Options{})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ca-file.pem"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	complete := func(t *testing.T, typed string) []string {
		r := harness.Run(t, harness.Command{
			Program: "fish",
			Args:    []string{"--no-config", "-c", `ectl completion fish | source; etcdctl completion fish | source; complete -C $argv[1]`, typed},
			Env:     shellEnv(dir, server),
			Dir:     dir,
		})
		if r.Stderr != "" || r.Status != "0" {
			t.Errorf("fish says %q and ends with %s", r.Stderr, r.Status)
		}
		if r.Stdout == "" {
			return nil
		}
		return strings.Split(strings.TrimSuffix(r.Stdout, "\n"), "\n")
	}
	for _, c := range completedAlike {
		t.Run(c.typed, func(t *testing.T) {
			c.want = strings.Replace(c.want, "$ENDPOINT", server.Endpoint(), 1)
			want := c.want[strings.LastIndex(strings.TrimSuffix(c.want, " "), " ")+1:]
			harness.Retry(t, func() string {
				var words []string
				for _, line := range complete(t, c.typed) {
					word, _, _ := strings.Cut(line, "\t")
					words = append(words, word)
				}
				if got := commonPrefix(words); strings.TrimSuffix(want, " ") != got && (c.typed != c.want || len(words) > 0) {
					return fmt.Sprintf("fish completes %q to %q, want %q", c.typed, words, want)
				}
				// fish adds the space itself, but behind a slash.
				if strings.HasSuffix(want, " ") && len(words) != 1 {
					return fmt.Sprintf("fish offers %q for %q, want one word", words, c.typed)
				}
				return ""
			})
		})
	}
	for _, c := range listed {
		t.Run(c.typed+" lists", func(t *testing.T) {
			harness.Retry(t, func() string { return lacks(strings.Join(complete(t, c.typed), "\n"), c.shown, c.not) })
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
		t.Error("fish ran a command that was the name of a user or a key")
	}
}

func commonPrefix(words []string) string {
	if len(words) == 0 {
		return ""
	}
	prefix := words[0]
	for _, word := range words[1:] {
		for !strings.HasPrefix(word, prefix) {
			prefix = prefix[:len(prefix)-1]
		}
	}
	return prefix
}
