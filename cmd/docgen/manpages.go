package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
)

// writeManPages writes a man page for each command and each topic into dir. Only the first page has the
// global options. The other pages refer to it.
func writeManPages(dir string, day time.Time) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // documents are for everybody
		return err
	}
	root, f := newTree(program, &strings.Builder{})
	for _, cmd := range tree(root) {
		cmd.DisableAutoGenTag = true
		if cmd.HasParent() {
			hideGlobals(f, true)
			refer(cmd)
		} else {
			hideGlobals(f, false)
		}
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
		var text bytes.Buffer
		err := doc.GenMan(cmd, &doc.GenManHeader{
			Title:   strings.ToUpper(name),
			Section: "1",
			Date:    &day,
			Source:  program,
			Manual:  program + " manual",
		}, &text)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name+".1"), []byte(withSections(text.String(), cmd)), 0o644); err != nil { //nolint:gosec // documents are for everybody
			return err
		}
	}
	return writeTopicPages(dir, f, day)
}

// withSections adds to a man page the sections that cobra does not write, before SEE ALSO.
func withSections(page string, cmd *cobra.Command) string {
	const last = ".SH SEE ALSO\n"
	status := "The status is 0 for success, and 1 for most errors."
	if cmd.HasSubCommands() {
		status = "The status depends on the command."
	}
	sections := ".SH EXIT STATUS\n.PP\n" + status + "\n\\fB" + program + "\\-exit\\-status(7)\\fP lists all.\n" +
		".SH ENVIRONMENT\n.PP\nThe options of " + program + "(1) are also variables.\n\\fB" + program + "\\-environment(7)\\fP lists them.\n"
	if files := filesOf(cmd); files != "" {
		sections += ".SH FILES\n.PP\n" + roff(files) + "\n"
	}
	before, after, found := strings.Cut(page, last)
	if !found {
		return page + sections
	}
	return before + sections + last + after
}

// filesOf describes the files of a command that its options do not name.
func filesOf(cmd *cobra.Command) string {
	path := strings.TrimPrefix(cmd.CommandPath(), program+" ")
	switch {
	case path == "login" || path == "logout":
		return "$XDG_RUNTIME_DIR/ectl: a file for each login, with mode 0600. Without XDG_RUNTIME_DIR, the folder is $XDG_CACHE_HOME/ectl/logins, or ~/.cache/ectl/logins."
	case strings.HasPrefix(path, "context"), path == "each":
		return "$XDG_CONFIG_HOME/ectl/contexts.yaml, or ~/.config/ectl/contexts.yaml: the contexts, with mode 0600."
	case path == "shell":
		return "$XDG_STATE_HOME/ectl/history, or ~/.local/state/ectl/history: the lines that were typed, with mode 0600 and without secrets."
	case strings.HasPrefix(path, "rbac "):
		return "Policy files: see ectl-policy(5)."
	}
	return ""
}

// hideGlobals hides or shows the global options. It adds to each option the name of its
// environment variable.
func hideGlobals(f *cli.Factory, hidden bool) {
	f.Globals().VisitAll(func(flag *pflag.Flag) {
		flag.Hidden = hidden
		if suffix := " [$" + cli.Variable(flag.Name) + "]"; !strings.HasSuffix(flag.Usage, suffix) {
			flag.Usage += suffix
		}
	})
}

// refer adds a reference to the page with the global options to the text of cmd.
func refer(cmd *cobra.Command) {
	if cmd.Long == "" {
		cmd.Long = cmd.Short
	}
	cmd.Long += "\n\nEvery command also takes the options that " + program + "(1) describes."
}
