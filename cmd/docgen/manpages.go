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

// writeManPages writes a man page for each command into dir. Only the first page has the
// global options. The other pages refer to it.
func writeManPages(dir string, day time.Time) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // documents are for everybody
		return err
	}
	root, f := newTree(&strings.Builder{})
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
		if err := os.WriteFile(filepath.Join(dir, name+".1"), text.Bytes(), 0o644); err != nil { //nolint:gosec // documents are for everybody
			return err
		}
	}
	return nil
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
