// Package parity reads the files of testdata/parity. They hold groups of command
// lines for the reference etcdctl and for ours.
//
// A file is a group. Its head names the server that it needs, and prepares it.
// Then each line that is not indented is a case, written as a user types it:
//
//	# A comment.
//	server -auth
//	setup role add reader
//	env ETCDCTL_USER=root:rootpw
//
//	etcdctl user add alice:secret
//	ETCDCTL_HEX=true etcdctl get $'\xff'
//	etcdctl user add bob
//		tty 'Password of bob: ' 'secret\n'
//		tty 'again for confirmation: ' 'secret\n'
//		differs prompts
//
// # Head
//
//	server FLAGS     -version V, -tls, -client-cert-auth, -auth (root has the
//	                 password rootpw), -jwt, -members N, -quota BYTES. Without
//	                 the line: none of them.
//	same-server      both programs talk to one server, the reference first: for
//	                 clusters of several members, whose IDs and URLs differ
//	                 between two of them. ETCDCTL_ENDPOINTS is then the first
//	                 member, $ENDPOINT are all. Cases only read, or undo their
//	                 changes. A case that differs is retried at most twice, because
//	                 a server's indexes and sizes can change on their own.
//	setup WORDS      runs the reference with these words on both servers first
//	env NAME=VALUE   is in the environment of every case of the group
//	lease HEX TTL    grants a lease of that ID on both servers
//	effects-differ   the servers hold different data at the end, because a
//	                 deliberate difference lets one program make a change that
//	                 the other refuses
//	settle           waits before each case until the servers' cluster versions
//	                 are where a downgrade leads to
//
// # Cases
//
// Quoting is the shell's: 'as it is', "with $NAME expanded", $'with \xff
// escapes'. Assignments stand before the word etcdctl. The test's own names are
// $ENDPOINT (the group's server), $DEAD (an endpoint that refuses), $TMP (an
// empty folder), $CACERT, $OTHERCA and, for client certificates by common name,
// $CERT_root, $KEY_root and so on; parity_test.go lists them. ETCDCTL_ENDPOINTS
// names the group's server unless the line has --endpoints or assigns it, and
// in a TLS group ETCDCTL_CACERT is set unless the line has --cacert or assigns
// it. $ADDED_ID is the member that was added last, $LEADER_ID, $LEADER_URL,
// $FOLLOWER_ID and $FOLLOWER_URL are what they are before the program runs, all
// IDs in hexadecimal.
//
// Indented lines are options of the case above them:
//
//	stdin TEXT        the program reads TEXT from a pipe (default: nothing)
//	tty PROMPT TYPED  runs the program on a terminal, waits for the prompt and
//	                  types the answer, in which \n is Enter and \x04 is
//	                  Ctrl-D; may be repeated
//	differs ID        the difference is deliberate and listed under that ID in
//	                  docs/compatibility.md
//	status-only       the bytes are not compared: help texts are our own words
//	interrupt         sends SIGINT once something was printed on stdout
//	limit DURATION    ends the reference after that time: it would wait indefinitely
//	volatile KINDS    parts that differ between any two runs, and are replaced
//	                  before the comparison; parity_cluster_test.go has the kinds
package parity

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Group is one file.
type Group struct {
	Name          string
	Server        []string
	Setup         [][]string
	Env           []string
	Leases        []Lease
	EffectsDiffer bool
	SameServer    bool
	Settle        bool
	Cases         []Case
}

// Lease is a lease that exists on both servers before the first case.
type Lease struct {
	ID  string // hexadecimal
	TTL string // seconds
}

// Case is one command line.
type Case struct {
	Line       int    // in its file, from 1
	Text       string // as it is written
	words      []word
	Stdin      string
	Terminal   []Answer
	Differs    string
	StatusOnly bool
	Interrupt  bool
	Limit      time.Duration
	Volatile   []string // kinds
}

// Answer is typed on the terminal after the prompt was shown.
type Answer struct {
	Prompt string
	Typed  string
}

// Command is a case's environment and arguments with its variables expanded.
func (c Case) Command(variables func(string) (string, bool)) (env, args []string, err error) {
	words, err := expand(c.words, variables)
	if err != nil {
		return nil, nil, fmt.Errorf("line %d: %w", c.Line, err)
	}
	for i, w := range words {
		if w == "etcdctl" {
			return words[:i], words[i+1:], nil
		}
	}
	return nil, nil, fmt.Errorf("line %d: no etcdctl in %q", c.Line, c.Text)
}

// ReadFile reads one group. Its name is that of the file.
func ReadFile(file string) (*Group, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	g := &Group{Name: strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))}
	for i, line := range strings.Split(string(data), "\n") {
		if err := g.add(i+1, line); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
		}
	}
	return g, nil
}

func (g *Group) add(number int, line string) error {
	trimmed := strings.TrimSpace(line)
	if trimmed == "" || strings.HasPrefix(trimmed, "#") {
		return nil
	}
	words, err := split(trimmed)
	if err != nil {
		return err
	}
	if line[0] == ' ' || line[0] == '\t' {
		if len(g.Cases) == 0 {
			return fmt.Errorf("an indented line without a case above it")
		}
		return g.Cases[len(g.Cases)-1].option(words)
	}
	if len(g.Cases) == 0 {
		if done, err := g.head(words); done || err != nil {
			return err
		}
	}
	c := Case{Line: number, Text: trimmed, words: words}
	if _, _, err := c.Command(func(string) (string, bool) { return "", true }); err != nil {
		return err
	}
	g.Cases = append(g.Cases, c)
	return nil
}

// head takes a line of the head, or says that it is none.
func (g *Group) head(words []word) (bool, error) {
	if slices.ContainsFunc(words, word.hasVariable) {
		return false, nil // only cases have variables
	}
	text, err := expand(words, nil)
	if err != nil {
		return true, err
	}
	switch text[0] {
	case "server":
		g.Server = text[1:]
	case "setup":
		g.Setup = append(g.Setup, text[1:])
	case "env":
		g.Env = append(g.Env, text[1:]...)
	case "lease":
		if len(text) != 3 {
			return true, fmt.Errorf("want: lease HEX TTL")
		}
		g.Leases = append(g.Leases, Lease{ID: text[1], TTL: text[2]})
	case "same-server":
		g.SameServer = true
	case "effects-differ":
		g.EffectsDiffer = true
	case "settle":
		g.Settle = true
	default:
		return false, nil
	}
	return true, nil
}

func (c *Case) option(words []word) error {
	text, err := expand(words, nil)
	if err != nil {
		return err
	}
	name, args := text[0], text[1:]
	if name == "volatile" {
		c.Volatile = args
		return nil
	}
	want := map[string]int{"stdin": 1, "tty": 2, "differs": 1, "status-only": 0, "interrupt": 0, "limit": 1}
	n, known := want[name]
	if !known {
		return fmt.Errorf("unknown option %q of a case", name)
	}
	if len(args) != n {
		return fmt.Errorf("%s takes %d words, got %d", name, n, len(args))
	}
	switch name {
	case "stdin":
		c.Stdin = args[0]
	case "tty":
		c.Terminal = append(c.Terminal, Answer{Prompt: args[0], Typed: strings.NewReplacer(`\n`, "\n", `\x04`, "\x04").Replace(args[1])})
	case "differs":
		c.Differs = args[0]
	case "status-only":
		c.StatusOnly = true
	case "interrupt":
		c.Interrupt = true
	case "limit":
		if c.Limit, err = time.ParseDuration(args[0]); err != nil {
			return err
		}
	}
	return nil
}
