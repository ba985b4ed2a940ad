// Package watch holds the command "watch".
package watch

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/watch/stream"
)

// options holds the arguments and flags of "watch".
type options struct {
	Interactive bool
	Children    cli.Children
	watchOptions

	variables variables
}

// watchOptions is one watch, from the command line or from a line of the interactive
// mode.
type watchOptions struct {
	Key, End       string // in the form of the API; empty with Prefix
	Prefix         bool
	Revision       int64
	PrevKV         bool
	ProgressNotify bool
	Command        []string // to run for each event
}

// NewCmd returns the command "watch".
func NewCmd(f *cli.Factory) *cobra.Command {
	opts := &options{}
	cmd := &cobra.Command{
		Use:   "watch [KEY [END]] [-- COMMAND [ARG...]]",
		Short: "Watch keys and print their changes",
		Long: `Watch a key, or all keys from KEY up to END, without END. Print each change
until interrupted. KEY and END may also come from the environment variables
ETCDCTL_WATCH_KEY and ETCDCTL_WATCH_RANGE_END.

The watch resumes after lost connections and leader changes. No event is lost or
printed twice, unless the history was compacted meanwhile.

COMMAND is run for each event, one after another. In its environment,
ETCD_WATCH_REVISION, ETCD_WATCH_EVENT_TYPE, ETCD_WATCH_KEY and ETCD_WATCH_VALUE
are quoted Go strings. ECTL_WATCH_KEY, ECTL_WATCH_VALUE and, with --prev-kv,
ECTL_WATCH_PREV_VALUE are unquoted. If one of these contains a NUL byte, it is
encoded in base64, and _BASE64 is appended to the name of the variable. If a
value is too large for the environment, it is on standard input. Then
ECTL_WATCH_STDIN is "value", and the variables that do not fit are missing.

The command does not inherit the login of this program. ETCDCTL_USER,
ETCDCTL_PASSWORD and ETCDCTL_AUTH_JWT_TOKEN are removed from its environment,
unless --keep-env-secrets is given or the program is called etcdctl.

In interactive mode, each line of standard input is "watch" with options and
keys as above, or "progress", which requests a progress notification.`,
		Example: `  # Print each change below a prefix.
  ectl watch /config/ --prefix
  # Print all changes since a revision, as objects.
  ectl watch /config/size --rev 1 -w ndjson
  # Run a command for each change.
  ectl watch /config/size -- sh -c 'echo "now $ECTL_WATCH_VALUE"'`,
		GroupID:           cli.GroupKV,
		RunE:              cli.Run(f, opts, runWatch),
		ValidArgsFunction: completions.BeforeCommand(f, completions.Args(f, completions.Keys, completions.Keys)),
	}
	opts.addFlags(cmd.Flags())
	_ = cmd.RegisterFlagCompletionFunc("rev", completions.Value(f, completions.Revisions)) // fails only if the flag does not exist
	opts.Children.AddFlags(cmd.Flags(), "commands")
	cmd.Flags().BoolVarP(&opts.Interactive, "interactive", "i", false, "read watch commands from standard input")
	return cmd
}

func (o *watchOptions) addFlags(flags *pflag.FlagSet) {
	flags.BoolVar(&o.Prefix, "prefix", false, "watch all keys that start with KEY")
	flags.Int64Var(&o.Revision, "rev", 0, "revision to start from (0: only new changes)")
	flags.BoolVar(&o.PrevKV, "prev-kv", false, "also print the key and value before the event")
	flags.BoolVar(&o.ProgressNotify, "progress-notify", false, "also print periodic progress notifications")
}

// Complete implements cli.Options.
func (o *options) Complete(f *cli.Factory, cmd *cobra.Command, args []string) (err error) {
	if o.variables, err = readVariables(f); err != nil || o.Interactive {
		return err
	}
	return exit.With(exit.BadArgs, o.complete(args, cmd.ArgsLenAtDash(), o.variables))
}

// variables holds the keys from the environment.
type variables struct{ key, end string }

func readVariables(f *cli.Factory) (variables, error) {
	key, _ := f.Streams.LookupEnv("ETCDCTL_WATCH_KEY")
	end, _ := f.Streams.LookupEnv("ETCDCTL_WATCH_RANGE_END")
	if key == "" && end != "" {
		return variables{}, exit.BadArgsf("ETCDCTL_WATCH_RANGE_END is set without ETCDCTL_WATCH_KEY: set both or neither")
	}
	return variables{key, end}, nil
}

func (v variables) keys() []string {
	switch {
	case v.key == "":
		return nil
	case v.end == "":
		return []string{v.key}
	}
	return []string{v.key, v.end}
}

var (
	errNoKey       = errors.New("no key to watch: give one, or set ETCDCTL_WATCH_KEY")
	errNoCommand   = errors.New("no command after --: give one, or leave out --")
	errConflict    = errors.New("a key is given and ETCDCTL_WATCH_KEY is set: leave out one of them")
	errPrefixRange = errors.New("an end key and --prefix exclude each other: choose one")
)

// complete sets the keys and the command from the arguments. dash is the number of
// arguments before "--", or -1 if there is no "--".
func (o *watchOptions) complete(args []string, dash int, v variables) error {
	keys := args
	if dash >= 0 {
		if keys, o.Command = args[:dash], args[dash:]; len(o.Command) == 0 {
			return errNoCommand
		}
	}
	if v.key != "" {
		if len(keys) > 0 {
			return errConflict
		}
		keys = v.keys()
	}
	return o.setKeys(keys)
}

func (o *watchOptions) setKeys(keys []string) error {
	switch {
	case len(keys) == 0:
		return errNoKey
	case len(keys) == 2 && o.Prefix:
		return errPrefixRange
	case len(keys) == 2:
		o.End = keys[1]
	}
	// etcdctl also accepts a third key. It then ignores the second and the third.
	o.Key = keys[0]
	return nil
}

// query returns the query of the watch, without the revision. For the server, an empty
// key is the first possible key.
func (o *watchOptions) query() stream.Query {
	q := stream.Query{Key: o.Key, End: o.End, PrevKV: o.PrevKV, ProgressNotify: o.ProgressNotify}
	if o.Prefix {
		r := access.PrefixRange([]byte(o.Key))
		q.Key, q.End = string(r.Key), string(r.End)
	}
	return q
}

// environ returns the environment of commands, without the event.
func (o *options) environ(f *cli.Factory) []string {
	return f.ChildEnviron(o.Children.KeepEnvSecrets || f.AsEtcdctl())
}

// warnIfReversed explains why the server cancels a watch of an empty range.
func (o *watchOptions) warnIfReversed(f *cli.Factory) {
	f.WarnIfReversed(cli.KeyRange{Key: o.Key, End: o.End})
}

func runWatch(ctx context.Context, f *cli.Factory, opts *options) error {
	if opts.Interactive {
		return runInteractive(ctx, f, opts)
	}
	client, err := f.Client(ctx)
	if err != nil {
		return err
	}
	opts.warnIfReversed(f)
	w := newWatcher(ctx, f, client, f.Printer().Watch(), opts.watchOptions, opts.environ(f))
	if err := w.watch.Run(ctx, w); err != nil {
		return err
	}
	return exit.With(exit.Cancelled, fmt.Errorf("watch is canceled by the server"))
}
