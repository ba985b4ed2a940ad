package commands

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/iostreams"
)

func newTestRoot() *cobra.Command {
	return NewRoot(cli.NewFactory("ectl", &iostreams.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}))
}

// etcdctls are the names of etcdctl 3.7.3's commands, by the command that they
// belong to.
func etcdctls() map[string][]string {
	return map[string][]string{
		"": {
			"alarm", "auth", "check", "compaction", "completion", "defrag", "del", "downgrade", "elect", "endpoint", "get", "help",
			"lease", "lock", "make-mirror", "member", "move-leader", "options", "put", "role", "snapshot", "txn", "user", "version", "watch",
		},
		"alarm":     {"disarm", "list"},
		"check":     {"datascale", "perf"},
		"downgrade": {"cancel", "enable", "validate"},
		"endpoint":  {"hashkv", "health", "status"},
		"lease":     {"grant", "keep-alive", "list", "revoke", "timetolive"},
		"member":    {"add", "list", "promote", "remove", "update"},
		"snapshot":  {"save"},
		"user":      {"add", "delete", "get", "grant-role", "list", "passwd", "revoke-role"},
		"role":      {"add", "delete", "get", "grant-permission", "list", "revoke-permission"},
		"auth":      {"disable", "enable", "status"},
	}
}

// meant is the one name that starts with word, or is word.
func meant(names []string, word string) string {
	var found []string
	for _, name := range names {
		if name == word {
			return name
		}
		if strings.HasPrefix(name, word) {
			found = append(found, name)
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return ""
}

func TestEveryPrefixMeansWhatItMeansInEtcdctl(t *testing.T) {
	ours := func(root *cobra.Command) {
		for _, name := range []string{"users", "getall", "g", "policy", "pu", "delete", "userx", "audit", "rbac", "why", "context", "shell", "du", "ls"} {
			root.AddCommand(cli.Extension(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}}))
		}
		for _, sub := range root.Commands() {
			if sub.Name() == "user" || sub.Name() == "role" {
				for _, name := range []string{"adopt", "ge", "lint", "p", "revoke-all", "grant", "delete-all"} {
					sub.AddCommand(cli.Extension(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}}))
				}
			}
		}
	}
	for _, withOurs := range []bool{false, true} {
		for parent, names := range etcdctls() {
			root := newTestRoot()
			if withOurs {
				ours(root)
			}
			cmd := root
			if parent != "" {
				var err error
				if cmd, _, err = root.Find([]string{parent}); err != nil {
					t.Fatal(err)
				}
			}
			for _, name := range names {
				for end := 1; end <= len(name); end++ {
					word := name[:end]
					want := meant(names, word)
					if slices.ContainsFunc(cmd.Commands(), func(c *cobra.Command) bool { return c.Name() == word }) {
						want = word
					}
					got := ""
					if found := findCommand(cmd, word); found != nil {
						got = found.Name()
					}
					if got != want {
						t.Errorf("with our commands %t: %q means %q, and in etcdctl %q", withOurs, strings.TrimSpace(parent+" "+word), got, want)
					}
				}
			}
		}
	}
}

func TestOurCommandsHavePrefixesWhereEtcdctlHasNone(t *testing.T) {
	root := newTestRoot()
	for _, name := range []string{"rex", "whim", "wherefore"} {
		root.AddCommand(cli.Extension(&cobra.Command{Use: name}))
	}
	for word, want := range map[string]string{"re": "rex", "r": "role", "wh": "", "whi": "whim", "w": "watch", "wa": "watch"} {
		t.Run(word, func(t *testing.T) {
			got := ""
			if found := findCommand(root, word); found != nil {
				got = found.Name()
			}
			if got != want {
				t.Errorf("%q means %q, want %q", word, got, want)
			}
		})
	}
}

func TestPrefixesAreWrittenOut(t *testing.T) {
	for line, want := range map[string]string{
		"":                         "",
		"us li":                    "user list",
		"u l":                      "user list",
		"user li":                  "user list",
		"role rem app":             "role delete app",
		"role r app":               "role revoke-permission app",
		"role remove app":          "role remove app",
		"g us":                     "get us",
		"ge --prefix us":           "get --prefix us",
		"p us li":                  "put us li",
		"-w json us li":            "-w json user list",
		"-wjson us li":             "-wjson user list",
		"-w=json us li":            "-w=json user list",
		"--write-out json us li":   "--write-out json user list",
		"--write-out=json us li":   "--write-out=json user list",
		"--hex us li":              "--hex user list",
		"--endpoints us us li":     "--endpoints us user list",
		"us -w table li":           "user -w table list",
		"us --user root:pw ad bob": "user --user root:pw add bob",
		"us ad -- li":              "user add -- li",
		"-- us li":                 "-- us li",
		// An option that is not known where the name of a command may stand has
		// a value to cobra, whatever it is to the command.
		"--nonsense us li":                 "--nonsense us li",
		"--nonsense us us li":              "--nonsense us user list",
		"-x us us li":                      "-x us user list",
		"-xy us li":                        "-xy user list",
		"--prefix he g k":                  "--prefix he get k",
		"check --load s dat":               "check --load s datascale",
		"check --load dat":                 "check --load dat",
		"--cluster hea endp":               "--cluster health endpoint",
		" us  li":                          " user  list",
		"d k":                              "d k",
		"nonsense us":                      "nonsense us",
		"user nonsense":                    "user nonsense",
		"help us":                          "help user",
		"help us ad":                       "help user add",
		"-d us us li":                      "-d us user list",
		"__complete us ad":                 "__complete user ad",
		"__complete us":                    "__complete us",
		"__completeNoDesc us grant-r bob ": "__completeNoDesc user grant-role bob ",
		"us ge -w":                         "user get -w",
		"endp --watch 2s sta":              "endpoint --watch 2s status",
		"endp --cluster sta":               "endpoint --cluster status",
	} {
		t.Run(line, func(t *testing.T) {
			args := strings.Split(line, " ")
			if line == "" {
				args = nil
			}
			before := slices.Clone(args)
			expanded, _ := expandPrefixes(newTestRoot(), args)
			if got := strings.Join(expanded, " "); got != want {
				t.Errorf("%q is written out as %q, want %q", line, got, want)
			}
			if !slices.Equal(args, before) {
				t.Errorf("writing out %q changed the arguments themselves to %q", line, args)
			}
		})
	}
}

// Every word is an argument that expandPrefixes may be given.
func FuzzPrefixesChangeNothingButNamesOfCommands(f *testing.F) {
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Split(line, "\x1e")
		expanded, _ := expandPrefixes(newTestRoot(), args)
		if len(expanded) != len(args) {
			t.Fatalf("%q is written out as %q", args, expanded)
		}
		for i := range args {
			if !strings.HasPrefix(expanded[i], args[i]) {
				t.Errorf("%q is written out as %q", args, expanded)
			}
		}
	})
}
