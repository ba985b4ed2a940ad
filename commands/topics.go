package commands

import (
	"embed"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
)

//go:embed topics
var topicTexts embed.FS

// Topic is a page of help about something that several commands share.
type Topic struct {
	Name    string // as in "help NAME"
	Short   string
	Section int // of the man page
}

// Topics returns the topics in the order of the help.
func Topics() []Topic {
	return []Topic{
		{"policy", "Policy files: users, roles and permissions as code", 5},
		{"environment", "Variables of the environment", 7},
		{"formats", "Formats of the output", 7},
		{"exit-status", "What the exit status of a command means", 7},
	}
}

// topicCalled returns the topic that args name.
func topicCalled(args []string) (Topic, bool) {
	for _, topic := range Topics() {
		if len(args) == 1 && args[0] == topic.Name {
			return topic, true
		}
	}
	return Topic{}, false
}

// Text returns the page. Its headings are lines in capitals. Indented lines keep their
// form.
func (t Topic) Text(f *cli.Factory) (string, error) {
	text, err := topicTexts.ReadFile("topics/" + t.Name + ".txt")
	if err != nil {
		return "", err
	}
	page := string(text)
	if t.Name == "environment" {
		page = fmt.Sprintf(page, variables(f))
	}
	return page, nil
}

// variables lists the variables of the global options, each with its option.
func variables(f *cli.Factory) string {
	var b strings.Builder
	f.Globals().VisitAll(func(flag *pflag.Flag) {
		fmt.Fprintf(&b, "  %-36s --%s\n", cli.Variable(flag.Name), flag.Name)
	})
	return b.String()
}

// printTopic prints a topic in place of the help of a command.
func printTopic(cmd *cobra.Command, f *cli.Factory, topic Topic) error {
	text, err := topic.Text(f)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n\n%s", topic.Short, inNameOf(f.Program, text))
	return err
}

// completeTopics adds the topics to what Tab offers after "help".
func completeTopics(help *cobra.Command) {
	commands := help.ValidArgsFunction
	help.ValidArgsFunction = func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		found, directive := commands(cmd, args, word)
		for _, topic := range Topics() {
			if len(args) == 0 && strings.HasPrefix(topic.Name, word) {
				found = append(found, cobra.CompletionWithDesc(topic.Name, topic.Short))
			}
		}
		return found, directive
	}
}
