package kv

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/internal/retry"
	"github.com/ectl-io/ectl/internal/scan"
	"github.com/ectl-io/ectl/output"
)

// delOptions is what "del" was asked to do.
type delOptions struct {
	Keys    cli.KeyRange
	PrevKV  bool
	Range   bool // the user means a range
	Pausing bool // the user may not: two keys look like a list
	DryRun  bool
	MaxKeys number
}

// NewDelCmd returns the command "del".
func NewDelCmd(f *cli.Factory) *cobra.Command {
	opts := &delOptions{}
	cmd := &cobra.Command{
		Use:   "del KEY [END]",
		Short: "Delete a key or a range of keys",
		Long: `Delete a key, or all keys from KEY up to END, without END. Two keys look like a
list and are a range: without --range there are two seconds to think it over.

--dry-run prints the keys that would be deleted and their number. --max-keys
deletes all of the keys or, where there are more of them, none; no key that is
created meanwhile is deleted. Both need the permission to read the keys.`,
		Example: `  ectl del /config/size
  ectl del /config/ --prefix --prev-kv
  ectl del /config/ --prefix --dry-run
  ectl del /config/ --prefix --max-keys 10`,
		GroupID:           cli.GroupKV,
		Args:              cli.Args(1, 2, "a key [and an end key]"),
		RunE:              cli.Run(f, opts, runDel),
		ValidArgsFunction: completions.Args(f, completions.Keys, completions.Keys),
	}
	flags := cmd.Flags()
	opts.Keys.AddFlags(flags, "delete")
	flags.BoolVar(&opts.PrevKV, "prev-kv", false, "also print what was deleted")
	flags.BoolVar(&opts.Range, "range", false, "a range is meant: do not wait before deleting it")
	flags.BoolVar(&opts.DryRun, flagDryRun, false, "only print what would be deleted")
	flags.Var(&opts.MaxKeys, flagMaxKeys, "delete nothing where there are more than `N` keys")
	return cmd
}

// Complete implements cli.Options.
func (o *delOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	if err := o.Keys.Complete(args, cli.EmptyKeyAsGiven); err != nil {
		return err
	}
	o.Pausing = len(args) > 1 && !o.Range && !o.DryRun
	return nil
}

// pause is how long a range that may not be meant is held back.
const pause = 2 * time.Second

func runDel(ctx context.Context, f *cli.Factory, opts *delOptions) error {
	if err := opts.pause(ctx, f); err != nil {
		return err
	}
	switch {
	case opts.DryRun:
		return tryDel(ctx, f, opts)
	case opts.MaxKeys.given:
		return delAtMost(ctx, f, opts)
	}
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.DeleteResponse, error) {
		return c.Delete(ctx, opts.Keys.Key, opts.api()...)
	})
	if err != nil {
		return err
	}
	return f.Print(output.Deleted{Response: response})
}

// tryDel prints what would be deleted.
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
	}, sink)
	if err != nil {
		return needsRead(err, "--"+flagDryRun+" and --"+flagMaxKeys)
	}
	if opts.MaxKeys.given && sink.count > opts.MaxKeys.value {
		return opts.tooMany(sink.count)
	}
	f.Say(fmt.Sprintf("dry run: %s would be deleted, nothing was", quantity.Of(sink.count, "key")))
	return nil
}

// delAtMost deletes the range unless it has more keys than are allowed.
//
// It counts the keys at some revision, and then deletes them in a transaction
// on the condition that no key of the range was created after that revision:
// what is deleted is among what was counted. Where the condition fails it
// counts again, until the command's timeout.
func delAtMost(ctx context.Context, f *cli.Factory, opts *delOptions) error {
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*pb.DeleteRangeResponse, error) {
		for again := false; ; again = true {
			counted, err := c.Get(ctx, opts.Keys.Key, append(opts.rangeOf(), clientv3.WithCountOnly())...)
			if err != nil && again {
				return nil, fmt.Errorf("nothing was deleted, as keys were created meanwhile: %w", err)
			}
			if err != nil {
				return nil, err
			}
			if counted.Count > opts.MaxKeys.value {
				return nil, opts.tooMany(counted.Count)
			}
			noneNew := clientv3.Compare(clientv3.CreateRevision(opts.Keys.Key), "<", counted.Header.GetRevision()+1)
			if opts.Keys.End != "" {
				noneNew = noneNew.WithRange(opts.Keys.End)
			}
			deleted, err := c.Txn(ctx).If(noneNew).Then(clientv3.OpDelete(opts.Keys.Key, opts.api()...)).Commit()
			if err != nil {
				return nil, err
			}
			if deleted.Succeeded {
				response := deleted.Responses[0].GetResponseDeleteRange()
				response.Header = deleted.Header
				return response, nil
			}
		}
	})
	if err != nil {
		return needsRead(err, "--"+flagDryRun+" and --"+flagMaxKeys)
	}
	return f.Print(output.Deleted{Response: (*clientv3.DeleteResponse)(response)})
}

func (o *delOptions) tooMany(count int64) error {
	return fmt.Errorf("nothing was deleted: it would be %s (%s), and --%s allows %d", quantity.Of(count, "key"), o.Keys.String(), flagMaxKeys, o.MaxKeys.value)
}

// pause gives a user who may not mean a range the time to see that it is one.
func (o *delOptions) pause(ctx context.Context, f *cli.Factory) error {
	if !o.Pausing {
		return nil
	}
	f.Warn(fmt.Sprintf("deleting all keys from %q up to %q, without that, in 2 seconds: interrupt to keep them; --range skips the wait", o.Keys.Key, o.Keys.End))
	return retry.Wait(ctx, pause)
}

func (o *delOptions) rangeOf() []clientv3.OpOption {
	if o.Keys.End == "" {
		return nil
	}
	return []clientv3.OpOption{clientv3.WithRange(o.Keys.End)}
}

func (o *delOptions) api() []clientv3.OpOption {
	options := o.rangeOf()
	if o.PrevKV {
		options = append(options, clientv3.WithPrevKV())
	}
	return options
}
