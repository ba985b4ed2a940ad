package commands

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/suggest"
)

// unknownCommandError reports a word that is no subcommand of group. For the groups of
// etcdctl, cobra prints the help of the group and reports success, as etcdctl does.
type unknownCommandError struct {
	group *cobra.Command
	word  string
	names []string // that may be meant
}

// Error implements error.
func (e *unknownCommandError) Error() string {
	text := fmt.Sprintf("unknown command %q for %q; ", e.word, e.group.CommandPath())
	if question := suggest.Question(e.names); question != "" {
		return text + question
	}
	return text + seeHelp(e.group)
}

func seeHelp(cmd *cobra.Command) string { return "see '" + cmd.CommandPath() + " --help'" }

// isOwn reports whether etcdctl lacks the group, so that an unknown word is an error.
func (e *unknownCommandError) isOwn() bool {
	for cmd := e.group; cmd != nil; cmd = cmd.Parent() {
		if cli.IsExtension(cmd) {
			return true
		}
	}
	return false
}

// newUnknownCommand returns the error for word, which is no subcommand of group, with
// the commands that may be meant. These are subcommands of group, or else other commands
// of the program.
func newUnknownCommand(group *cobra.Command, word string) *unknownCommandError {
	var names []string
	foreign := suggest.Commands()
	for _, sub := range group.Commands() {
		names = append(names, sub.Name())
		for _, alias := range sub.Aliases {
			foreign[alias] = []string{sub.Name()}
		}
	}
	for _, name := range names {
		if word != "" && strings.HasPrefix(name, word) { // of several names
			foreign[word] = append(foreign[word], name)
		}
	}
	names = append(names, suggest.OtherPrograms()...)
	paths, byName := commandPaths()
	if !group.HasParent() {
		names = append(names, paths...)
	}
	meant := suggest.Words(word, names, foreign)
	if len(meant) == 0 {
		meant = suggest.Words(word, paths, byName)
	}
	return &unknownCommandError{group: group, word: word, names: meant}
}

// commandPaths returns the names of all commands below the groups, such as "user add".
// byName maps a last word, such as "hashkv", to the few commands that have it.
func commandPaths() (paths []string, byName map[string][]string) {
	const few = 2
	byName = map[string][]string{}
	root := NewRoot(cli.NewFactory("", &iostreams.Streams{})) // the tree of a run may have only one command
	for _, group := range root.Commands() {
		for _, sub := range group.Commands() {
			path := group.Name() + " " + sub.Name()
			paths = append(paths, path)
			byName[sub.Name()] = append(byName[sub.Name()], path)
		}
	}
	for name, all := range byName {
		if len(all) > few {
			delete(byName, name)
		}
	}
	return paths, byName
}
