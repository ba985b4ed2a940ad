package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands"
	"github.com/ectl-io/ectl/commands/cli"
)

// writeManPages writes a man page for each command and each topic into dir. Only the first
// page has the global options. The other pages refer to it.
func writeManPages(dir string, day time.Time) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // documents are for everybody
		return err
	}
	root, f := newTree(program, &strings.Builder{})
	pages := map[string]string{}
	for _, cmd := range tree(root) {
		pages[manName(cmd)+".1"] = manPage(cmd, f, day)
	}
	for _, topic := range commands.Topics() {
		text, err := topic.Text(f)
		if err != nil {
			return err
		}
		name := program + "-" + topic.Name
		pages[fmt.Sprintf("%s.%d", name, topic.Section)] = manHead(name, topic.Section, day) +
			section("NAME", roff(name)+` \- `+roff(topic.Short)) +
			section("DESCRIPTION", roffOf(text)) +
			section("SEE ALSO", references(topicsBeside(topic)))
	}
	return writeFiles(dir, pages)
}

// manName returns the name of the man page of a command.
func manName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// manPage returns the man page of a command.
func manPage(cmd *cobra.Command, f *cli.Factory, day time.Time) string {
	cmd.InitDefaultHelpFlag()
	options := optionsOf(cmd, f) // merges the flags that UseLine checks
	synopsis := cmd.CommandPath() + " COMMAND [flags]"
	if cmd.HasParent() {
		synopsis = cmd.UseLine()
	}
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	if len(cmd.Aliases) > 0 {
		text += "\n\nIt is also called " + strings.Join(cmd.Aliases, ", ") + "."
	}
	description, status := statusOf(text)
	page := manHead(manName(cmd), 1, day) +
		section("NAME", roff(manName(cmd))+` \- `+roff(cmd.Short)) +
		section("SYNOPSIS", `\fB`+roff(cmd.CommandPath())+`\fP`+roff(strings.TrimPrefix(synopsis, cmd.CommandPath()))) +
		section("DESCRIPTION", roffOf(description))
	if subs := shown(cmd); len(subs) > 0 {
		var list strings.Builder
		for _, sub := range subs {
			list.WriteString(item(`\fB`+roff(sub.Name())+`\fP`, roff(sub.Short)+"."))
		}
		page += section("COMMANDS", list.String())
	}
	page += section("OPTIONS", options)
	if cmd.Example != "" {
		page += section("EXAMPLES", examples(cmd.Example))
	}
	return page +
		section("EXIT STATUS", roffOf(status)) +
		section("ENVIRONMENT", roffOf(environmentOf(cmd))) +
		section("FILES", filesOf(cmd)) +
		section("SEE ALSO", references(pagesBeside(cmd)))
}

// manHead returns the first lines of a page. They turn off hyphenation, so that names stay
// whole.
func manHead(name string, number int, day time.Time) string {
	return fmt.Sprintf(".TH %q %q %q %q %q\n.nh\n.ad l\n", strings.ToUpper(name), fmt.Sprint(number), day.Format("Jan 2006"), program, program+" manual")
}

func section(title, text string) string {
	return ".SH " + title + "\n" + strings.TrimSuffix(text, "\n") + "\n"
}

// item returns an item of a list. Both arguments are in the language of man pages.
func item(term, text string) string { return ".TP\n" + term + "\n" + text + "\n" }

// optionsOf lists the options of a command with their values and defaults. The options of
// every command are only in the list of the root.
func optionsOf(cmd *cobra.Command, f *cli.Factory) string {
	all := pflag.NewFlagSet(cmd.Name(), pflag.ContinueOnError)
	all.AddFlagSet(cmd.LocalFlags())
	all.AddFlagSet(cmd.InheritedFlags())
	var list strings.Builder
	all.VisitAll(func(flag *pflag.Flag) {
		global := f.Globals().Lookup(flag.Name) == flag
		if flag.Hidden && !global || global && cmd.HasParent() {
			return
		}
		value, usage := pflag.UnquoteUsage(flag)
		if !slices.Contains([]string{"", "0", "0s", "false", "[]"}, flag.DefValue) {
			usage += " (default " + strings.Trim(flag.DefValue, "[]") + ")"
		}
		if global {
			usage += " [$" + cli.Variable(flag.Name) + "]"
		}
		term := `\fB` + roff("--"+flag.Name) + `\fP`
		if flag.Shorthand != "" {
			term = `\fB` + roff("-"+flag.Shorthand) + `\fP, ` + term
		}
		if value != "" {
			term += ` \fI` + roff(value) + `\fP`
		}
		list.WriteString(item(term, roff(usage)))
	})
	if cmd.HasParent() {
		list.WriteString(".PP\nEvery command also takes the options of " + reference(program, 1) + ".\n")
	}
	return list.String()
}

// examples returns the examples of a help text. Each begins with a comment.
func examples(text string) string {
	var b strings.Builder
	b.WriteString(".nf\n")
	for i, line := range strings.Split(unindent(text), "\n") {
		if strings.HasPrefix(line, "#") && i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(roff(line) + "\n")
	}
	b.WriteString(".fi\n")
	return b.String()
}

// statusOf separates the paragraph about the exit status from a help text.
func statusOf(text string) (description, status string) {
	var kept []string
	status = "0 for success, and 1 for most errors."
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		if own, found := strings.CutPrefix(paragraph, "Exit status: "); found {
			status = own
		} else {
			kept = append(kept, paragraph)
		}
	}
	description = strings.Join(kept, "\n\n")
	if strings.Contains(strings.ToLower(description), "exit status") {
		status += "\nThe description has the statuses of this command."
	}
	return description, status + "\n" + program + "-exit-status(7) lists those of all commands."
}

// environmentOf describes the variables of a command.
func environmentOf(cmd *cobra.Command) string {
	text := "Each option of " + program + "(1) has a variable, which is shown there in brackets. " + program + "-environment(7) lists all variables."
	switch strings.TrimPrefix(cmd.CommandPath(), program+" ") {
	case "watch":
		text += "\n\nETCDCTL_WATCH_KEY and ETCDCTL_WATCH_RANGE_END replace the arguments KEY and END."
	case "shell":
		text += "\n\nVISUAL, EDITOR and PAGER name the programs that the shell uses."
	}
	return text
}

// filesOf lists the files of a command that its options do not name.
func filesOf(cmd *cobra.Command) string {
	path := strings.TrimPrefix(cmd.CommandPath(), program+" ")
	var list string
	if path == "shell" {
		list += item(roff("~/.local/state/ectl/history"), "The lines that were typed, without secrets. With XDG_STATE_HOME, the folder is $XDG_STATE_HOME/ectl.")
	}
	if path == "completion" {
		list += item(roff("~/.bashrc, ~/.zshrc, ~/.config/fish/config.fish"), "The start-up files of shells.")
	}
	if usesPolicies(path) {
		list += item("Policy files", "Users, roles and permissions as code, see "+reference(program+"-policy", 5)+".")
	}
	return list +
		item(roff("~/.config/ectl/contexts.yaml"), "The contexts of "+reference(program+"-context", 1)+". With XDG_CONFIG_HOME, the folder is $XDG_CONFIG_HOME/ectl.") +
		item("$XDG_RUNTIME_DIR/ectl/", "The logins that "+reference(program+"-login", 1)+" keeps. Without XDG_RUNTIME_DIR, the folder is $XDG_CACHE_HOME/ectl/logins or "+roff("~/.cache/ectl/logins")+".")
}

func usesPolicies(path string) bool {
	return path == "rbac" || strings.HasPrefix(path, "rbac ") || path == "auth bootstrap"
}

// pageRef names a man page.
type pageRef struct {
	name    string
	section int
}

// pagesBeside returns the pages to which the page of a command refers: the command above,
// those below, and the topics.
func pagesBeside(cmd *cobra.Command) []pageRef {
	var pages []pageRef
	if cmd.HasParent() {
		pages = append(pages, pageRef{program, 1})
		if cmd.Parent().HasParent() {
			pages = append(pages, pageRef{manName(cmd.Parent()), 1})
		}
	}
	for _, sub := range shown(cmd) {
		pages = append(pages, pageRef{manName(sub), 1})
	}
	for _, topic := range commands.Topics() {
		if topic.Name != "policy" || !cmd.HasParent() || usesPolicies(strings.TrimPrefix(cmd.CommandPath(), program+" ")) {
			pages = append(pages, pageRef{program + "-" + topic.Name, topic.Section})
		}
	}
	return pages
}

// topicsBeside returns the pages to which the page of a topic refers.
func topicsBeside(topic commands.Topic) []pageRef {
	pages := []pageRef{{program, 1}}
	if topic.Name == "policy" {
		for _, name := range []string{"auth-bootstrap", "rbac", "rbac-apply", "rbac-export", "rbac-init", "rbac-plan", "rbac-test"} {
			pages = append(pages, pageRef{program + "-" + name, 1})
		}
	}
	for _, other := range commands.Topics() {
		if other != topic {
			pages = append(pages, pageRef{program + "-" + other.Name, other.Section})
		}
	}
	return pages
}

func references(pages []pageRef) string {
	var list []string
	for _, page := range pages {
		list = append(list, reference(page.name, page.section))
	}
	return strings.Join(list, ",\n")
}

func reference(name string, section int) string {
	return fmt.Sprintf(`\fB%s\fP(%d)`, roff(name), section)
}

// roffOf converts a help text. A line in capitals is a heading, and indented lines keep
// their form.
func roffOf(text string) string {
	var b strings.Builder
	for i, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if isHeading(paragraph) {
			b.WriteString(".SH " + roff(paragraph) + "\n")
			continue
		}
		if i > 0 {
			b.WriteString(".PP\n")
		}
		indented := false
		for line := range strings.SplitSeq(paragraph, "\n") {
			if now := strings.HasPrefix(line, "  "); now != indented {
				indented = now
				b.WriteString(map[bool]string{true: ".nf\n", false: ".fi\n"}[now])
			}
			b.WriteString(roff(strings.TrimPrefix(line, "  ")) + "\n")
		}
		if indented {
			b.WriteString(".fi\n")
		}
	}
	return b.String()
}

func isHeading(paragraph string) bool {
	return !strings.Contains(paragraph, "\n") && paragraph == strings.ToUpper(paragraph) && !strings.HasPrefix(paragraph, " ")
}

// roff quotes text for a man page: characters that would be printed as others, such as the
// hyphens of options, and lines that would be requests.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
