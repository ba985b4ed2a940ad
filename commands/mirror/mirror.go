// Package mirror holds the command "make-mirror".
package mirror

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/mirror"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/output"
)

// options holds the arguments and flags of "make-mirror".
type options struct {
	Destination  string // endpoints, comma-separated
	Identity     etcd.Options
	Prefix       string
	DestPrefix   string
	NoDestPrefix bool
	Revision     int64 // at most 1: start with a copy of all keys
	MaxTxnOps    uint  // 0: the maximum of the destination
	Checkpoint   string
	Once         bool
	Prune        bool // delete keys of the destination that the source does not have
	Yes          bool // without confirmation
}

// defaultMaxTxnOps is etcdctl's default, and the default limit of servers.
const defaultMaxTxnOps = 128

const flagYes = "yes"

// NewCmd returns the command "make-mirror".
func NewCmd(f *cli.Factory) *cobra.Command {
	opts := &options{}
	cmd := &cobra.Command{
		Use:   "make-mirror DESTINATION",
		Short: "Mirror keys to another cluster, and follow their changes",
		Long: `Copy all keys, or those of --prefix, to the cluster at DESTINATION. Then apply
their changes there until interrupted. DESTINATION is a comma-separated list of
endpoints. Every 30 seconds, the number of copied and deleted keys is printed.
The copies have no leases: a key that expires at the source is deleted at the
destination.

Only keys with other values are written, if the user may read the destination.
So two mirrors in opposite directions come to rest. They do not if a key is
changed on both sides, or again before its last change was copied. Two values
can then replace each other without end. Stop one mirror to end this.

With --checkpoint, the progress is stored in FILE. If the command is started
again with the same options, it resumes there, and also applies the deletions
since then. FILE is valid only for these two clusters and these prefixes, and
for one process at a time (FILE.lock is the lock). Without --checkpoint, or if
FILE does not exist, all keys are copied again. Keys that only the destination
has are kept.

With --prune, such keys are deleted when all keys are copied. These are the keys
with the destination's prefix, or all keys if there is no prefix. The command
asks for confirmation, unless --yes is given. It refuses a source without keys.
If the history since the checkpoint was compacted, the command fails. With
--prune, it copies all keys again instead.

With --once, the command exits when the keys are copied. If it resumes from a
checkpoint, it exits when the destination has all changes up to its start.

On both sides, the mirror continues after lost connections and leader changes.
With --once, it fails if a side does not answer for 10 times --command-timeout.`,
		Example: `  # Copy to another cluster, and follow its changes.
  ectl make-mirror https://b1.example.com:2379,https://b2.example.com:2379 \
    --dest-cacert ca.pem
  # Copy one prefix to another.
  ectl make-mirror 127.0.0.1:22379 --prefix /app/ --dest-prefix /copy/app/
  # Copy once, and resume later from the checkpoint.
  ectl make-mirror 127.0.0.1:22379 --checkpoint /var/lib/mirror/state --once
  # Also delete what the source does not have.
  ectl make-mirror 127.0.0.1:22379 --checkpoint /var/lib/mirror/state \
    --prune --yes`,
		GroupID: cli.GroupCluster,
		Args:    cli.Args(1, 1, "one destination"),
		RunE:    cli.Run(f, opts, runMirror),
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.Prefix, "prefix", "", "mirror the keys that start with `prefix`")
	_ = cmd.RegisterFlagCompletionFunc("prefix", completions.Value(f, completions.Keys)) // fails only if the flag does not exist
	flags.Int64Var(&opts.Revision, "rev", 0, "copy no keys, and start with the changes at this revision (ignored with a checkpoint)")
	_ = cmd.RegisterFlagCompletionFunc("rev", completions.Value(f, completions.CurrentRevision)) // fails only if the flag does not exist
	flags.UintVar(&opts.MaxTxnOps, "max-txn-ops", defaultMaxTxnOps, "maximum number of keys to write in one transaction")
	flags.StringVar(&opts.DestPrefix, "dest-prefix", "", "`prefix` at the destination, which replaces --prefix")
	flags.BoolVar(&opts.NoDestPrefix, "no-dest-prefix", false, "remove --prefix from the keys at the destination")
	flags.StringVar(&opts.Checkpoint, "checkpoint", "", "`file` that stores the progress of the mirror, to resume from")
	flags.BoolVar(&opts.Once, "once", false, "exit when the keys are copied")
	flags.BoolVar(&opts.Prune, "prune", false, "delete keys below the destination's prefix that the source does not have")
	flags.BoolVar(&opts.Yes, flagYes, false, "with --prune: do not ask for confirmation")
	opts.Identity.AddDestinationFlags(flags)
	return cli.Destroys(f, cmd, opts, cli.Destruction[*options]{If: func(o *options) bool { return o.Prune }})
}

// Complete implements cli.Options.
func (o *options) Complete(f *cli.Factory, cmd *cobra.Command, args []string) error {
	o.Destination = args[0]
	o.Identity.Valueless(cmd.Flags(), func(string) string { return "" }) // flags without variables
	if o.NoDestPrefix && o.DestPrefix != "" {
		return exit.BadArgsf("--dest-prefix and --no-dest-prefix exclude each other: choose one")
	}
	if o.Prune && o.Revision > 1 {
		return exit.BadArgsf("--prune compares all keys, but --rev copies none: choose one")
	}
	if o.Prune && !o.Yes && !f.Prompter.Interactive() {
		return exit.BadArgsf("--prune needs confirmation, but there is no terminal: give --%s", flagYes)
	}
	return nil
}

// endpoints returns the endpoints of the destination.
func (o *options) endpoints() []string {
	endpoints := strings.Split(o.Destination, ",")
	for i, endpoint := range endpoints {
		endpoints[i] = strings.TrimSpace(endpoint)
	}
	return endpoints
}

// destPrefix returns the prefix of the keys at the destination. By default, the keys
// keep their prefix, as in the documentation of etcdctl.
func (o *options) destPrefix() string {
	if o.NoDestPrefix || o.DestPrefix != "" {
		return o.DestPrefix
	}
	return o.Prefix
}

func runMirror(ctx context.Context, f *cli.Factory, opts *options) error {
	// The order is etcdctl's, because it determines the order of the password prompts.
	if err := f.Connection.Check(); err != nil { // before the first request to the destination
		return err
	}
	dest, err := etcd.Dial(ctx, f.Connection.DestinationOf(opts.endpoints(), &opts.Identity), f.Prompter, f.Warn)
	if err != nil {
		return err
	}
	defer func() { _ = dest.Close() }()
	source, err := f.Client(ctx)
	if err != nil {
		return err
	}
	results := f.Results()
	show := func(p mirror.Progress) error {
		return results(output.MirrorProgress{Count: p.Changes, Revision: p.Revision})
	}
	config := mirror.Config{
		Source: source, Destination: dest,
		Prefix: opts.Prefix, DestPrefix: opts.destPrefix(),
		Revision: opts.Revision, MaxTxnOps: opts.MaxTxnOps, Checkpoint: opts.Checkpoint, Once: opts.Once, Prune: opts.Prune,
		Timeout: f.Connection.CommandTimeout, GCPercent: f.Heap.Lower,
		Warn: f.Warn, Progress: show,
		Pruned: func(deleted int64) {
			f.Say(fmt.Sprintf("Keys deleted at the destination that the source does not have: %d", deleted))
		},
	}
	if !opts.Yes {
		config.Confirm = func(ctx context.Context, sizes mirror.Sizes) error { return confirmPrune(ctx, f, opts, sizes) }
	}
	progress, err := mirror.Run(ctx, config)
	if err != nil {
		return err
	}
	return show(progress)
}

// confirmPrune asks for confirmation to delete keys of the destination.
func confirmPrune(ctx context.Context, f *cli.Factory, opts *options, sizes mirror.Sizes) error {
	f.Say(fmt.Sprintf("The destination has %s %s, the source %d %s.",
		quantity.Of(sizes.Destination, "key"), mirror.WithPrefix(opts.destPrefix()), sizes.Source, mirror.WithPrefix(opts.Prefix)))
	agreed, err := f.Prompter.Confirm(ctx, "Delete the keys that the source does not have?")
	if err == nil && !agreed {
		return cli.ErrNotConfirmed
	}
	return err
}
