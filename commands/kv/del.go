package kv

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/deletion"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/internal/retry"
	"github.com/ectl-io/ectl/internal/scan"
	"github.com/ectl-io/ectl/output"
)

// delOptions holds the arguments and flags of "del".
type delOptions struct {
	Keys    cli.KeyRange
	PrevKV  bool
	Range   bool // two arguments are meant as a range, or an empty key as every key
	Yes     bool
	Pausing bool // wait, in case two arguments were meant as a list, or the key of every key was an empty variable
	DryRun  bool
	MaxKeys optionalInt
}

// NewDelCmd returns the command "del".
func NewDelCmd(f *cli.Factory) *cobra.Command {
	opts := &delOptions{}
	cmd := &cobra.Command{
		Use:   "del KEY [END]",
		Short: "Delete a key or a range of keys",
		Long: `Delete a key, or all keys from KEY up to END, without END.

Two arguments are a range, not a list. An empty KEY with --prefix or --from-key
is every key. A script with an unset variable deletes this way, too. In both
cases del waits two seconds so that you can cancel. --range, --yes and
--max-keys skip the wait.

--dry-run prints the keys that would be deleted and their number. --max-keys
deletes nothing if there are more keys, even with concurrent writers. Both also
need permission to read the keys.`,
		Example: `  # Delete one key.
  ectl del /config/size
  # Delete a range, and print what was deleted.
  ectl del /config/ --prefix --prev-kv
  # Print what would be deleted.
  ectl del /config/ --prefix --dry-run
  # Delete nothing if there are more than ten keys.
  ectl del /config/ --prefix --max-keys 10`,
		GroupID:           cli.GroupKV,
		Args:              cli.Args(1, 2, "a key [and an end key]"),
		RunE:              cli.Run(f, opts, runDel),
		ValidArgsFunction: completions.Args(f, completions.Keys, completions.Keys),
	}
	flags := cmd.Flags()
	opts.Keys.AddFlags(flags, "delete")
	flags.BoolVar(&opts.PrevKV, "prev-kv", false, "also print the deleted keys and values")
	flags.BoolVar(&opts.Range, flagRange, false, "delete the range KEY END without waiting")
	flags.BoolVar(&opts.Yes, cli.FlagYes, false, "delete every key or a range without waiting")
	flags.BoolVar(&opts.DryRun, flagDryRun, false, "print the keys that would be deleted, and delete nothing")
	flags.Var(&opts.MaxKeys, flagMaxKeys, "delete nothing if there are more than `N` keys")
	return cli.Rehearsable(f, cli.Destroys(f, cmd, opts, cli.Destruction[*delOptions]{If: (*delOptions).destroys, Hits: delHits}))
}

// destroys reports whether the command deletes a range of keys.
func (o *delOptions) destroys() bool { return o.Keys.End != "" && !o.DryRun }

// delHits describes the range that is deleted.
func delHits(ctx context.Context, f *cli.Factory, opts *delOptions) (string, error) {
	counted, err := cli.Call(ctx, f, opts.count)
	switch {
	case retry.Is(err, retry.Denied): // a user can have permission to write keys, but not to read them
		return "delete " + opts.Keys.String(), nil
	case err != nil || counted.Count == 0:
		return "", err
	}
	return fmt.Sprintf("delete %s %s: %s", quantity.Grouped(counted.Count), quantity.Verb(counted.Count, "key", "keys"), opts.Keys.String()), nil
}

// count requests the number of keys in the range.
func (o *delOptions) count(ctx context.Context, c *etcd.Client) (*clientv3.GetResponse, error) {
	return c.Get(ctx, o.Keys.Key, append(o.rangeOf(), clientv3.WithCountOnly())...)
}

// Complete implements cli.Options.
func (o *delOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	if err := o.Keys.Complete(args, cli.EmptyKeyAsGiven); err != nil {
		return err
	}
	everyKey := o.Keys.Range().IsEveryKey()
	o.Pausing = (len(args) > 1 || everyKey) && !o.Range && !o.Yes && !o.MaxKeys.given && !o.DryRun
	return nil
}

const flagRange = "range"

// pause is how long del waits before it deletes what may not be meant.
const pause = 2 * time.Second

func runDel(ctx context.Context, f *cli.Factory, opts *delOptions) error {
	f.WarnIfReversed(opts.Keys)
	if err := opts.pause(ctx, f); err != nil {
		return err
	}
	switch {
	case opts.DryRun:
		return tryDel(ctx, f, opts)
	case opts.MaxKeys.given:
		return delAtMost(ctx, f, opts)
	}
	response, err := cli.Call(ctx, f, opts.delete)
	if err != nil {
		return err
	}
	return f.Print(output.Deletion{Response: response})
}

func (o *delOptions) delete(ctx context.Context, c *etcd.Client) (*clientv3.DeleteResponse, error) {
	return c.Delete(ctx, o.Keys.Key, o.api()...)
}

// tryDel prints the keys that would be deleted.
func tryDel(ctx context.Context, f *cli.Factory, opts *delOptions) error {
	client, err := f.Client(ctx)
	if err != nil {
		return err
	}
	sink := &counting{RangeStream: f.Printer().Range(output.RangeOptions{KeysOnly: !opts.PrevKV, Lines: true})}
	err = scan.Read(ctx, client.KV, scan.Query{
		Key:      opts.Keys.Key,
		End:      opts.Keys.End,
		KeysOnly: !opts.PrevKV,
		Timeout:  f.Connection.CommandTimeout,

		GCPercent: f.Heap.Lower,
	}, sink)
	if err != nil {
		return explainReadPermission(err, "--"+flagDryRun+" and --"+flagMaxKeys)
	}
	if opts.MaxKeys.given && sink.count > opts.MaxKeys.value {
		return opts.tooMany(sink.count)
	}
	f.Say(fmt.Sprintf("dry run: %s would be deleted; nothing was deleted", quantity.Of(sink.count, "key")))
	return nil
}

func delAtMost(ctx context.Context, f *cli.Factory, opts *delOptions) error {
	response, err := cli.Call(ctx, f, opts.deleteAtMost)
	if err != nil {
		return explainReadPermission(err, "--"+flagDryRun+" and --"+flagMaxKeys)
	}
	return f.Print(output.Deletion{Response: response})
}

// deleteAtMost deletes the range unless it has more keys than are allowed.
func (o *delOptions) deleteAtMost(ctx context.Context, c *etcd.Client) (*clientv3.DeleteResponse, error) {
	response, err := deletion.AtMost{Key: o.Keys.Key, End: o.Keys.End, Max: o.MaxKeys.value, Options: o.returned()}.Delete(ctx, c)
	if many, is := errors.AsType[*deletion.TooManyError](err); is {
		return nil, o.tooMany(many.Count)
	}
	return response, err
}

func (o *delOptions) tooMany(count int64) error {
	return fmt.Errorf("nothing was deleted: found %s (%s), but --%s allows %d", quantity.Of(count, "key"), o.Keys.String(), flagMaxKeys, o.MaxKeys.value)
}

// pause waits, so that a user can cancel if they meant a list, or if a variable was
// empty. If the user is asked, there is no need to wait.
func (o *delOptions) pause(ctx context.Context, f *cli.Factory) error {
	if !o.Pausing || f.Guarded() || f.DryRun() {
		return nil
	}
	keys := fmt.Sprintf("all keys from %q up to %q (not included)", o.Keys.Key, o.Keys.End)
	if o.Keys.Range().IsEveryKey() {
		keys = "every key of the cluster, because KEY is empty,"
	}
	f.Warn(fmt.Sprintf("deleting %s in 2 seconds: interrupt to cancel; --%s skips the wait", keys, flagRange))
	return retry.Wait(ctx, pause)
}

func (o *delOptions) rangeOf() []clientv3.OpOption {
	if o.Keys.End == "" {
		return nil
	}
	return []clientv3.OpOption{clientv3.WithRange(o.Keys.End)}
}

func (o *delOptions) api() []clientv3.OpOption {
	return append(o.rangeOf(), o.returned()...)
}

// returned returns the options for what the response contains.
func (o *delOptions) returned() []clientv3.OpOption {
	if !o.PrevKV {
		return nil
	}
	return []clientv3.OpOption{clientv3.WithPrevKV()}
}
