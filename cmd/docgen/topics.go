package main

import (
	"fmt"
	"strings"

	"github.com/ectl-io/ectl/commands"
	"github.com/ectl-io/ectl/commands/cli"
)

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
