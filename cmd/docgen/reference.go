package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands"
	"github.com/ectl-io/ectl/commands/cli"
)

const generatedNote = "<!-- Written by cmd/docgen from the command tree: make generate -->\n\n"

// writeReference writes a page for each command and each topic, and an index, into dir. It removes the
// pages of commands that no longer exist.
func writeReference(dir string) error {
	root, f := newTree(program, &strings.Builder{})
	pages := map[string]string{
		"README.md": index(root),
	}
	for _, topic := range commands.Topics() {
		text, err := topicReference(topic, f)
		if err != nil {
			return err
		}
		pages[topicPage(topic)] = text
	}
	for _, cmd := range tree(root)[1:] {
		text, err := page(cmd)
		if err != nil {
			return err
		}
		pages[pageName(cmd)] = text
	}
	old, err := filepath.Glob(filepath.Join(dir, program+"_*.md"))
	if err != nil {
		return err
	}
	for _, file := range old {
		if _, kept := pages[filepath.Base(file)]; !kept {
			if err := os.Remove(file); err != nil {
				return err
			}
		}
	}
	return writeFiles(dir, pages)
}

// writeFiles writes files into dir. The keys of files are the names, and the values are
// the contents.
func writeFiles(dir string, files map[string]string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // documents are for everybody
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil { //nolint:gosec // documents are for everybody
			return err
		}
	}
	return nil
}

// index returns the page that links to all others, in the groups of the help text.
func index(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString(generatedNote)
	fmt.Fprintf(&b, "# %s reference\n\n%s", program, markdown(root.Long))
	for _, group := range root.Groups() {
		fmt.Fprintf(&b, "\n## %s\n\n", strings.TrimSuffix(group.Title, ":"))
		for _, cmd := range shown(root) {
			if cmd.GroupID != group.ID {
				continue
			}
			for _, c := range tree(cmd) {
				indent := strings.Repeat("  ", depth(c)-1)
				fmt.Fprintf(&b, "%s- %s — %s\n", indent, link(c), escape(c.Short))
			}
		}
	}
	b.WriteString("\n## Topics\n\n")
	for _, topic := range commands.Topics() {
		fmt.Fprintf(&b, "- [`%s help %s`](%s) — %s\n", program, topic.Name, topicPage(topic), topic.Short)
	}
	return b.String()
}

// page returns the page of one command.
func page(cmd *cobra.Command) (string, error) {
	var b strings.Builder
	b.WriteString(generatedNote)
	fmt.Fprintf(&b, "# %s\n\n", cmd.CommandPath())
	text := cmd.Long
	if text == "" {
		text = cmd.Short
	}
	b.WriteString(markdown(text))
	flags := options(cmd) // merges the flags that UseLine checks
	if cmd.Runnable() {
		code(&b, cmd.UseLine())
	}
	if len(cmd.Aliases) > 0 {
		fmt.Fprintf(&b, "\nAlso: `%s`\n", strings.Join(cmd.Aliases, "`, `"))
	}
	if cmd.Name() == "options" {
		// The output of this command is the reference of the global options.
		printed, err := run1(cmd.Name())
		if err != nil {
			return "", err
		}
		code(&b, printed)
	}
	if subs := shown(cmd); len(subs) > 0 {
		b.WriteString("\n## Commands\n\n")
		for _, sub := range subs {
			fmt.Fprintf(&b, "- %s — %s\n", link(sub), escape(sub.Short))
		}
	}
	if cmd.Example != "" {
		b.WriteString("\n## Examples\n")
		code(&b, unindent(cmd.Example))
	}
	if flags != "" {
		b.WriteString("\n## Options\n")
		code(&b, strings.TrimRight(flags, "\n"))
	}
	if cmd.Name() != "options" {
		fmt.Fprintf(&b, "\nEvery command takes the [options for the connection and the output](%s_options.md).\n", program)
	}
	return b.String(), nil
}

// options returns the help text of the options of cmd, including inherited ones. The
// global options are hidden.
func options(cmd *cobra.Command) string {
	all := pflag.NewFlagSet(cmd.Name(), pflag.ContinueOnError)
	all.AddFlagSet(cmd.LocalFlags())
	all.AddFlagSet(cmd.InheritedFlags())
	return cli.FlagUsages(all)
}

// run1 returns the output of the command name.
func run1(name string) (string, error) {
	var out strings.Builder
	root, _ := newTree(program, &out)
	root.SetArgs([]string{name})
	err := root.Execute()
	return strings.TrimRight(out.String(), "\n"), err
}

func pageName(cmd *cobra.Command) string {
	if !cmd.HasParent() {
		return "README.md"
	}
	return strings.ReplaceAll(cmd.CommandPath(), " ", "_") + ".md"
}

func link(cmd *cobra.Command) string {
	return fmt.Sprintf("[`%s`](%s)", cmd.CommandPath(), pageName(cmd))
}

func depth(cmd *cobra.Command) int { return strings.Count(cmd.CommandPath(), " ") }

func code(b *strings.Builder, text string) {
	fmt.Fprintf(b, "\n```text\n%s\n```\n", text)
}

// markdown converts a help text to Markdown. Indented lines become code.
func markdown(text string) string {
	var b strings.Builder
	inCode := false
	for line := range strings.Lines(strings.TrimSpace(text) + "\n") {
		indented := strings.HasPrefix(line, "  ")
		switch {
		case indented && !inCode:
			b.WriteString("\n```text\n")
		case !indented && inCode:
			b.WriteString("```\n")
		}
		inCode = indented
		if indented {
			b.WriteString(strings.TrimPrefix(line, "  "))
		} else {
			b.WriteString(escape(line))
		}
	}
	if inCode {
		b.WriteString("```\n")
	}
	return strings.ReplaceAll(b.String(), "\n\n\n", "\n\n")
}

// escape escapes the characters that have a meaning in Markdown.
func escape(text string) string {
	return strings.NewReplacer("<", "&lt;", "*", `\*`, "|", `\|`).Replace(text)
}

func unindent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.Trim(text, "\n")) {
		b.WriteString(strings.TrimPrefix(line, "  "))
	}
	return b.String()
}
