// Package mirror holds the command "make-mirror".
package mirror

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/mirror"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/output"
)

// options is what "make-mirror" was asked to do.
type options struct {
	Destination  string // endpoints, comma-separated
	Identity     etcd.Options
	Prefix       string
	DestPrefix   string
	NoDestPrefix bool
	Revision     int64 // up to 1: begin with a copy of all keys
	MaxTxnOps    uint  // 0: as many as the destination takes
	Checkpoint   string
	Once         bool
	Prune        bool // delete at the destination what the source does not have
	Yes          bool // without asking
}

// defaultMaxTxnOps is etcdctl's, and what a server takes by default.
const defaultMaxTxnOps = 128

const flagYes = "yes"

// NewCmd returns the command "make-mirror".
func NewCmd(f *cli.Factory) *cobra.Command {
	opts := &options{}
	cmd := &cobra.Command{
		Use:   "make-mirror DESTINATION",
		Short: "Copy keys to another cluster, and go on with what happens to them",
		Long: `Copy all keys, or those of --prefix, to the cluster at DESTINATION, its
endpoints comma-separated, and then do there whatever happens to them here,
until interrupted. Every 30 seconds the number of keys written and deleted is
printed. Keys lose their leases: what expires here is deleted there.

With --checkpoint the command remembers in FILE how far it is. Started again
with the same options, it goes on there, and also deletes what was deleted
meanwhile. The file belongs to these two clusters and these prefixes, and is
refused for others, and for a second process while one is at work with it
(beside it is FILE.lock). Without --checkpoint, or without the file, all keys
are copied anew, and keys of the destination that are not here stay there.

With --prune these are deleted when all keys are copied: whatever starts with
the destination's prefix, and where there is none all that the destination has.
It asks before, unless --yes is given, and refuses a source without any key. A
mirror that was to go on with history which was compacted ends with an error;
with --prune it copies everything anew, and goes on.

With --once the command ends when the keys are copied, or, going on from a
checkpoint, when the destination has all that had happened when it started.

Lost connections, members and leaders are waited for, on both sides.`,
		Example: `  ectl make-mirror https://etcd1.example.com:2379,https://etcd2.example.com:2379 --dest-cacert ca.pem
  ectl make-mirror 127.0.0.1:22379 --prefix /app/ --dest-prefix /copy/app/
  ectl make-mirror 127.0.0.1:22379 --checkpoint /var/lib/mirror/state --once
  ectl make-mirror 127.0.0.1:22379 --checkpoint /var/lib/mirror/state --prune --yes`,
		GroupID: cli.GroupCluster,
		Args:    cli.Args(1, 1, "one destination"),
		RunE:    cli.Run(f, opts, runMirror),
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.Prefix, "prefix", "", "copy the keys that start with `prefix`")
	flags.Int64Var(&opts.Revision, "rev", 0, "copy nothing, and begin with what happened at this revision (going on from a checkpoint: ignored)")
	flags.UintVar(&opts.MaxTxnOps, "max-txn-ops", defaultMaxTxnOps, "most keys to write in one transaction")
	flags.StringVar(&opts.DestPrefix, "dest-prefix", "", "`prefix` at the destination in place of --prefix")
	flags.BoolVar(&opts.NoDestPrefix, "no-dest-prefix", false, "take --prefix away from the keys at the destination")
	flags.StringVar(&opts.Checkpoint, "checkpoint", "", "`file` that remembers how far the mirror is, to go on there")
	flags.BoolVar(&opts.Once, "once", false, "end when the keys are copied")
	flags.BoolVar(&opts.Prune, "prune", false, "delete at the destination, below its prefix, what is not here")
	flags.BoolVar(&opts.Yes, flagYes, false, "with --prune: do not ask")
	opts.Identity.AddDestinationFlags(flags)
	return cmd
}

// Complete implements cli.Options.
func (o *options) Complete(f *cli.Factory, cmd *cobra.Command, args []string) error {
	o.Destination = args[0]
	o.Identity.Valueless(cmd.Flags(), func(string) string { return "" }) // no variables
	if o.NoDestPrefix && o.DestPrefix != "" {
		return exit.BadArgsf("--dest-prefix and --no-dest-prefix exclude each other: choose one")
	}
	if o.Prune && o.Revision > 1 {
		return exit.BadArgsf("--prune compares all keys, and --rev copies none: choose one")
	}
	if o.Prune && !o.Yes && !f.Prompter.Interactive() {
		return exit.BadArgsf("--prune asks before it deletes anything, and there is no terminal: give --%s", flagYes)
	}
	return nil
}

// endpoints are those of the destination.
func (o *options) endpoints() []string {
	endpoints := strings.Split(o.Destination, ",")
	for i, endpoint := range endpoints {
		endpoints[i] = strings.TrimSpace(endpoint)
	}
	return endpoints
}

// destPrefix is what the keys at the destination start with. As etcdctl's
// documentation has it, the keys keep their prefix if nothing else is asked for.
func (o *options) destPrefix() string {
	if o.NoDestPrefix || o.DestPrefix != "" {
		return o.DestPrefix
	}
	return o.Prefix
}

func runMirror(ctx context.Context, f *cli.Factory, opts *options) error {
	// In etcdctl's order, which is that of the questions for passwords.
	if err := f.Connection.Check(); err != nil { // before the destination is spoken to
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
		return results(output.Mirrored{Count: p.Changes, Revision: p.Revision})
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

// confirmPrune asks whether keys of the destination may be deleted.
func confirmPrune(ctx context.Context, f *cli.Factory, opts *options, sizes mirror.Sizes) error {
	f.Say(fmt.Sprintf("The destination has %s %s, the source %d %s.",
		quantity.Of(sizes.Destination, "key"), mirror.WithPrefix(opts.destPrefix()), sizes.Source, mirror.WithPrefix(opts.Prefix)))
	agreed, err := f.Prompter.Confirm(ctx, "Delete there what the source does not have?")
	if err == nil && !agreed {
		return errors.New("not confirmed; nothing was changed")
	}
	return err
}
