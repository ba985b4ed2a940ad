package commands

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/iostreams"
)

func TestTopicsArePagesOfHelp(t *testing.T) {
	for _, topic := range Topics() {
		t.Run(topic.Name, func(t *testing.T) {
			got := runIt(t, "help", topic.Name)
			if got.code != 0 || got.err != "" || !strings.HasPrefix(got.out, topic.Short+"\n\n") {
				t.Errorf("help %s: %+v", topic.Name, got)
			}
			for line := range strings.Lines(got.out) {
				if len(strings.TrimRight(line, "\n")) > cli.HelpWidth {
					t.Errorf("the line is wider than %d columns: %s", cli.HelpWidth, line)
				}
			}
			if help := runIt(t, "--help").out; !strings.Contains(help, "  "+topic.Name+" ") {
				t.Errorf("the help does not name the topic:\n%s", help)
			}
			if found := runIt(t, "__complete", "help", topic.Name[:2]).out; !strings.Contains(found, topic.Name+"\t"+topic.Short+"\n") {
				t.Errorf("Tab does not offer the topic: %s", found)
			}
		})
	}
	files, err := filepath.Glob("topics/*.txt")
	if err != nil || len(files) != len(Topics()) {
		t.Errorf("there are the files %q for %d topics (%v)", files, len(Topics()), err)
	}
}

func TestTheTopicAboutPoliciesShowsAValidOne(t *testing.T) {
	text, err := os.ReadFile("topics/policy.txt")
	if err != nil {
		t.Fatal(err)
	}
	var example strings.Builder
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "    ") && !strings.HasPrefix(line, "     ") || example.Len() > 0 && strings.HasPrefix(line, "     ") {
			example.WriteString(line[4:])
		} else if example.Len() > 0 {
			break
		}
	}
	parsed, err := policy.Parse(policy.Document{Name: "example", Text: []byte(example.String())})
	if err != nil || len(parsed.Expect) != 2 {
		t.Errorf("%+v, %v:\n%s", parsed, err, &example)
	}
}

func TestTheTopicAboutTheEnvironmentHasEveryVariable(t *testing.T) {
	page := runIt(t, "help", "environment").out
	f := cli.NewFactory("ectl", &iostreams.Streams{})
	NewRoot(f)
	f.Globals().VisitAll(func(flag *pflag.Flag) {
		if !strings.Contains(page, "  "+cli.Variable(flag.Name)+" ") {
			t.Errorf("it lacks the variable of --%s", flag.Name)
		}
	})
}
