// Docgen generates files from the command tree: the reference in Markdown, the man pages
// and the completion scripts. It also generates the JSON Schema of policy files, and the
// page of the errors that ectl explains. It runs when the project is built. It is a
// separate program so that ectl does not link the libraries for this.
//
//	docgen [-reference DIR] [-man DIR] [-date DATE] [-completions DIR [-name NAME]] [-schema FILE] [-errors FILE]
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands"
	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/iostreams"
)

// program is the name of the program.
const program = "ectl"

// files names what to generate. An empty name generates nothing.
type files struct {
	reference, man, completions string // folders
	schema, errors              string
	date                        string // of the man pages
	name                        string // of the program in the completion scripts
}

func main() {
	var to files
	flag.StringVar(&to.reference, "reference", "", "`folder` for the reference, one page for each command")
	flag.StringVar(&to.man, "man", "", "`folder` for the man pages")
	flag.StringVar(&to.date, "date", "", "`date` of the man pages, as in 2026-01-31 or 2026-01-31T12:00:00Z (default today)")
	flag.StringVar(&to.completions, "completions", "", "`folder` for the completion scripts")
	flag.StringVar(&to.name, "name", program, "`name` that the program has in the completion scripts")
	flag.StringVar(&to.schema, "schema", "", "`file` for the JSON Schema of policy files")
	flag.StringVar(&to.errors, "errors", "", "`file` for the page of errors")
	flag.Parse()

	if err := run(to); err != nil {
		fmt.Fprintln(os.Stderr, "docgen:", err)
		os.Exit(1)
	}
}

func run(to files) error {
	day, err := parseDate(to.date)
	if err != nil {
		return err
	}
	for _, part := range []struct {
		name  string
		write func(name string) error
	}{
		{to.reference, writeReference},
		{to.man, func(folder string) error { return writeManPages(folder, day) }},
		{to.completions, func(folder string) error { return writeScripts(folder, to.name) }},
		{to.schema, writeSchema},
		{to.errors, writeErrors},
	} {
		if part.name == "" {
			continue
		}
		if err := part.write(part.name); err != nil {
			return err
		}
	}
	return nil
}

// writeSchema writes the JSON Schema of policy files.
func writeSchema(file string) error {
	text, err := json.MarshalIndent(policy.Schema(), "", "  ")
	if err != nil {
		return err
	}
	return writeFiles(filepath.Dir(file), map[string]string{filepath.Base(file): string(text) + "\n"})
}

func parseDate(date string) (time.Time, error) {
	if date == "" {
		return time.Now().UTC(), nil
	}
	day, _, _ := strings.Cut(date, "T")
	return time.Parse(time.DateOnly, day)
}

// newTree returns the command tree of the program under a name, which writes to w. The tree
// has no environment, so that the generated files are the same on every machine.
func newTree(name string, w io.Writer) (*cobra.Command, *cli.Factory) {
	f := cli.NewFactory(name, &iostreams.Streams{In: strings.NewReader(""), Out: w, Err: w})
	return commands.NewRoot(f), f
}

// tree lists root and every visible command below it, in the order of the help text. A
// parent comes first, and its children follow.
func tree(root *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{root}
	for _, sub := range shown(root) {
		all = append(all, tree(sub)...)
	}
	return all
}

// shown lists the subcommands of cmd that are visible in the help text.
func shown(cmd *cobra.Command) []*cobra.Command {
	var subs []*cobra.Command
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			subs = append(subs, sub)
		}
	}
	return subs
}
