package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ectl-io/ectl/commands"
	"github.com/ectl-io/ectl/commands/cli"
)

// writeTopicPages writes a man page for each topic of the help.
func writeTopicPages(dir string, f *cli.Factory, day time.Time) error {
	for _, topic := range commands.Topics() {
		text, err := topic.Text(f)
		if err != nil {
			return err
		}
		name := program + "-" + topic.Name
		page := fmt.Sprintf(".TH %q %q %q %q %q\n.SH NAME\n%s \\- %s\n.SH DESCRIPTION\n%s",
			strings.ToUpper(name), fmt.Sprint(topic.Section), day.Format("Jan 2006"), program, program+" manual",
			roff(name), roff(topic.Short), roffOf(text)) + ".SH SEE ALSO\n.PP\n" + `\fB` + program + `(1)\fP` + "\n"
		file := filepath.Join(dir, fmt.Sprintf("%s.%d", name, topic.Section))
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil { //nolint:gosec // documents are for everybody
			return err
		}
	}
	return nil
}

// roffOf converts the text of a topic. A line in capitals is a heading, and indented lines
// keep their form.
func roffOf(text string) string {
	var b strings.Builder
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		switch {
		case isHeading(paragraph):
			fmt.Fprintf(&b, ".SH %s\n", roff(paragraph))
		case strings.HasPrefix(paragraph, "  "):
			fmt.Fprintf(&b, ".PP\n.nf\n%s\n.fi\n", roff(paragraph))
		default:
			fmt.Fprintf(&b, ".PP\n%s\n", roff(paragraph))
		}
	}
	return b.String()
}

func isHeading(paragraph string) bool {
	return !strings.Contains(paragraph, "\n") && paragraph == strings.ToUpper(paragraph) && !strings.HasPrefix(paragraph, " ")
}

// roff quotes text for a man page: its backslashes and hyphens, and lines that would be
// requests.
func roff(text string) string {
	lines := strings.Split(strings.NewReplacer(`\`, `\e`, `-`, `\-`).Replace(text), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

// topicReference writes a topic as a page of the reference.
func topicReference(topic commands.Topic, f *cli.Factory) (string, error) {
	text, err := topic.Text(f)
	if err != nil {
		return "", err
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if isHeading(line) && line != "" {
			lines[i] = "## " + line[:1] + strings.ToLower(line[1:])
		}
	}
	head := fmt.Sprintf("%s# %s help %s\n\n%s.\n\n", generatedNote, program, topic.Name, topic.Short)
	return head + markdown(strings.Join(lines, "\n")), nil
}

// topicPage returns the name of the page of a topic in the reference.
func topicPage(topic commands.Topic) string { return program + "_help_" + topic.Name + ".md" }
