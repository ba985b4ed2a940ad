package suggest

import (
	_ "embed"
	"strings"
)

// The tables have a word in each line, a colon, and names separated by commas.
//
//go:embed commands.txt
var commands string

//go:embed flags.txt
var flags string

//go:embed shorthands.txt
var shorthands string

// Commands returns words that other tools, and etcdctl's API version 2, use for
// commands. Each word stands for names of commands, the most probable first. A name that
// a group of commands does not have does not count there. A name of two words is a
// command with its group.
func Commands() map[string][]string { return table(commands) }

// OtherPrograms returns the suggestions of Commands that are no commands of this
// program.
func OtherPrograms() []string { return []string{"--user NAME", "etcdutl snapshot restore"} }

// Flags returns words that other tools, and etcdctl's API version 2, use for
// flags. Each word stands for names of flags, the most probable first.
func Flags() map[string][]string { return table(flags) }

// Shorthands returns letters that other tools use as short flags. Each stands for
// names of flags.
func Shorthands() map[string][]string { return table(shorthands) }

// table parses a table. Empty lines and lines that begin with "#" are for the reader.
func table(text string) map[string][]string {
	words := map[string][]string{}
	for line := range strings.Lines(text) {
		word, names, found := strings.Cut(strings.TrimSpace(line), ": ")
		if found && !strings.HasPrefix(word, "#") {
			words[word] = strings.Split(names, ", ")
		}
	}
	return words
}
