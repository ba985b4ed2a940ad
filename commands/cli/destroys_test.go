package cli_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/prompt"
	"github.com/ectl-io/ectl/internal/session"
)

// burning is a command that destroys something, unless it is told to spare it.
type burning struct {
	Spare, Yes    bool
	asked, burned bool
}

func (*burning) Complete(*cli.Factory, *cobra.Command, []string) error { return nil }

func newBurnCmd(f *cli.Factory, opts *burning, hits string, err error) *cobra.Command {
	cmd := &cobra.Command{Use: "burn", RunE: cli.Run(f, opts, func(context.Context, *cli.Factory, *burning) error {
		opts.burned = true
		return nil
	})}
	cmd.Flags().BoolVar(&opts.Spare, "spare", false, "")
	cmd.Flags().BoolVar(&opts.Yes, cli.FlagYes, false, "")
	return cli.Destroys(f, cmd, opts, cli.Destruction[*burning]{
		If: func(o *burning) bool { return !o.Spare },
		Hits: func(context.Context, *cli.Factory, *burning) (string, error) {
			opts.asked = true
			return hits, err
		},
	})
}

func TestWhatDestroysAsksIfTheCallerWantsConsent(t *testing.T) {
	unreachable := errors.New("unreachable")
	for _, test := range []struct {
		name     string
		consent  cli.Consent
		terminal bool
		typed    string
		args     []string
		hits     string
		err      error

		asked, burned bool
		want          error
	}{
		{name: "as etcdctl", terminal: true, hits: "burn it", burned: true},
		{name: "yes", consent: cli.ConsentAsked, terminal: true, typed: "y\n", hits: "burn it", asked: true, burned: true},
		{name: "yes in full", consent: cli.ConsentAsked, terminal: true, typed: " YES\n", hits: "burn it", asked: true, burned: true},
		{name: "no", consent: cli.ConsentAsked, terminal: true, typed: "n\n", hits: "burn it", asked: true, want: cli.ErrNotConfirmed},
		{name: "Enter", consent: cli.ConsentAsked, terminal: true, typed: "\n", hits: "burn it", asked: true, want: cli.ErrNotConfirmed},
		{name: "end of input", consent: cli.ConsentAsked, terminal: true, hits: "burn it", asked: true, want: cli.ErrNotConfirmed},
		{name: "no terminal", consent: cli.ConsentAsked, hits: "burn it", burned: true},
		{name: "consent of the outer command", consent: cli.ConsentGiven, terminal: true, hits: "burn it", burned: true},
		{name: "options that destroy nothing", consent: cli.ConsentAsked, terminal: true, args: []string{"--spare"}, hits: "burn it", burned: true},
		{name: "--yes", consent: cli.ConsentAsked, terminal: true, args: []string{"--yes"}, hits: "burn it", burned: true},
		{name: "nothing there", consent: cli.ConsentAsked, terminal: true, asked: true, burned: true},
		{name: "unknown what", consent: cli.ConsentAsked, terminal: true, err: unreachable, asked: true, want: unreachable},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out, stderr bytes.Buffer
			streams := &iostreams.Streams{In: strings.NewReader(""), Out: &out, Err: &stderr}
			if test.terminal {
				streams.Terminal = typing(t, test.typed)
			}
			outer := cli.NewFactory("ectl", streams)
			outer.BindGlobals((&cobra.Command{}).PersistentFlags())
			prompter := prompt.New(streams)
			inner := outer.Inner(cli.Inner{
				Streams: streams, Prompter: prompter, Consent: test.consent,
				Connections: session.NewConnections(t.Context(), prompter, outer.Warn),
			})
			root, opts := &cobra.Command{Use: "ectl", SilenceUsage: true, SilenceErrors: true}, &burning{}
			inner.BindGlobals(root.PersistentFlags())
			root.AddCommand(newBurnCmd(inner, opts, test.hits, test.err))
			root.SetArgs(append([]string{"burn"}, test.args...))
			err := root.ExecuteContext(t.Context())
			if !errors.Is(err, test.want) || opts.asked != test.asked || opts.burned != test.burned {
				t.Errorf("asked %v, burned %v, error %v; want %v, %v, %v", opts.asked, opts.burned, err, test.asked, test.burned, test.want)
			}
			if out.Len() > 0 {
				t.Errorf("standard output has %q", &out)
			}
		})
	}
}

// typing returns a file from which text is read, as from a terminal.
func typing(t *testing.T, text string) *os.File {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = read.Close() })
	_, err = write.WriteString(text)
	if err := errors.Join(err, write.Close()); err != nil {
		t.Fatal(err)
	}
	return read
}

func TestAListInADescriptionIsShort(t *testing.T) {
	for want, names := range map[string][]string{
		"no roles":           nil,
		"the role ops":       {"ops"},
		"the roles dev, ops": {"dev", "ops"},
		"the roles 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more": strings.Fields("1 2 3 4 5 6 7 8 9 10 11 12"),
	} {
		if got := cli.Listed("role", names); got != want {
			t.Errorf("Listed(%q) = %q, want %q", names, got, want)
		}
	}
}
