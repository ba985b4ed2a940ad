package main

import (
	"strings"

	"github.com/ectl-io/ectl/commands"
)

// scriptNames returns the name of the completion script for each shell, as the shells
// expect it.
func scriptNames(name string) map[string]string {
	return map[string]string{
		"bash":       name + ".bash",
		"zsh":        "_" + name,
		"fish":       name + ".fish",
		"powershell": name + ".ps1",
	}
}

// writeScripts writes a completion script for each shell into dir. The program has the
// name in them.
func writeScripts(dir, name string) error {
	files := map[string]string{}
	for shell, file := range scriptNames(name) {
		root, _ := newTree(name, &strings.Builder{})
		var script strings.Builder
		if err := commands.WriteCompletion(root, shell, &script); err != nil {
			return err
		}
		files[file] = script.String()
	}
	return writeFiles(dir, files)
}
