package main

import (
	"strings"

	"github.com/ectl-io/ectl/commands"
)

// scriptNames returns the name of the completion script for each shell, as the shells
// expect it.
func scriptNames() map[string]string {
	return map[string]string{
		"bash":       program + ".bash",
		"zsh":        "_" + program,
		"fish":       program + ".fish",
		"powershell": program + ".ps1",
	}
}

// writeScripts writes a completion script for each shell into dir.
func writeScripts(dir string) error {
	files := map[string]string{}
	for shell, name := range scriptNames() {
		root, _ := newTree(&strings.Builder{})
		var script strings.Builder
		if err := commands.WriteCompletion(root, shell, &script); err != nil {
			return err
		}
		files[name] = script.String()
	}
	return writeFiles(dir, files)
}
