package completions

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// BeforeCommand completes the arguments before "--" with complete. After "--", there is a
// command with its arguments. The command is a program of $PATH, or a file. For its
// arguments, the shell offers files.
func BeforeCommand(c Connector, complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		// cobra appends its own "--". So a "--" before the word to complete is visible
		// only in the original command line.
		dash, line := cmd.ArgsLenAtDash(), c.Words()
		switch {
		case len(line) > 1 && line[len(line)-2] == "--" && (dash < 0 || dash >= len(args)):
			return programs(c, toComplete), cobra.ShellCompDirectiveDefault
		case dash >= 0 && dash < len(args):
			return nil, cobra.ShellCompDirectiveDefault
		}
		return complete(cmd, args, toComplete)
	}
}

// ThenCommand completes the first count arguments with complete. A command with its
// arguments follows, with or without "--".
func ThenCommand(c Connector, count int, complete cobra.CompletionFunc) cobra.CompletionFunc {
	return BeforeCommand(c, func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		switch {
		case len(args) < count:
			return complete(cmd, args, toComplete)
		case len(args) == count:
			return programs(c, toComplete), cobra.ShellCompDirectiveDefault
		}
		return nil, cobra.ShellCompDirectiveDefault
	})
}

// programs returns the programs of $PATH that start with word. The shell offers files if
// there are none, so a word with a slash has none.
func programs(c Connector, word string) []cobra.Completion {
	if strings.ContainsAny(word, `/\`) {
		return nil
	}
	path, _ := c.LookupEnv("PATH")
	var found []cobra.Completion
	for _, folder := range filepath.SplitList(path) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue // $PATH often names folders that do not exist
		}
		for _, entry := range entries {
			if name := entry.Name(); strings.HasPrefix(name, word) && plain(name) && isProgram(folder, entry) {
				found = append(found, name)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// isProgram reports whether a file of the folder can be run. It follows symbolic links.
func isProgram(folder string, entry os.DirEntry) bool {
	if runtime.GOOS == "windows" {
		return slices.Contains([]string{".exe", ".com", ".bat", ".cmd"}, strings.ToLower(filepath.Ext(entry.Name())))
	}
	const executable = 0o111
	info, err := os.Stat(filepath.Join(folder, entry.Name()))
	return err == nil && info.Mode().IsRegular() && info.Mode()&executable != 0
}
