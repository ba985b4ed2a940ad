package kv

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// delOptions is what "del" was asked to do.
type delOptions struct {
	Keys    keyRange
	PrevKV  bool
	Range   bool // the user means a range
	Pausing bool // the user may not: two keys look like a list
}

// NewDelCmd returns the command "del".
func NewDelCmd(f *cli.Factory) *cobra.Command { return newDelCmd(f, nil) }

func newDelCmd(f *cli.Factory, run func(context.Context, *delOptions) error) *cobra.Command {
	opts := &delOptions{}
	cmd := &cobra.Command{
		Use:   "del KEY [END]",
		Short: "Delete a key or a range of keys",
		Long: `Delete a key, or all keys from KEY up to END, without END. Two keys look like a
list and are a range: without --range there are two seconds to think it over.`,
		Example: `  ` + f.Program + ` del /config/size
  ` + f.Program + ` del /config/ --prefix --prev-kv`,
		GroupID: cli.GroupKV,
		Args:    cli.Args(1, 2, "a key [and an end key]"),
		RunE: f.RunE(func(ctx context.Context, args []string) error {
			if err := opts.Keys.validate(); err != nil {
				return err
			}
			if err := opts.Keys.complete(args); err != nil {
				return err
			}
			opts.Pausing = len(args) > 1 && !opts.Range
			if run != nil {
				return run(ctx, opts)
			}
			return runDel(ctx, f, opts)
		}),
		ValidArgsFunction: completions.Args(f, completions.Keys, completions.Keys),
	}
	flags := cmd.Flags()
	flags.BoolVar(&opts.Keys.Prefix, "prefix", false, "delete all keys that start with the key")
	flags.BoolVar(&opts.Keys.FromKey, "from-key", false, "delete all keys from the key on, in byte order")
	flags.BoolVar(&opts.PrevKV, "prev-kv", false, "also print what was deleted")
	flags.BoolVar(&opts.Range, "range", false, "a range is meant: do not wait before deleting it")
	return cmd
}

// pause is how long a range that may not be meant is held back.
const pause = 2 * time.Second

func runDel(ctx context.Context, f *cli.Factory, opts *delOptions) error {
	if err := opts.pause(ctx, f); err != nil {
		return err
	}
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.DeleteResponse, error) {
		return c.Delete(ctx, opts.Keys.Key, opts.api()...)
	})
	if err != nil {
		return err
	}
	return f.Print(output.Deleted{Response: response})
}

// pause gives a user who may not mean a range the time to see that it is one.
func (o *delOptions) pause(ctx context.Context, f *cli.Factory) error {
	if !o.Pausing {
		return nil
	}
	f.Warn("deleting the range " + access.Range{Key: []byte(o.Keys.Key), End: []byte(o.Keys.End)}.String() +
		" in 2 seconds, interrupt to keep it; --range skips the wait")
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(pause):
		return nil
	}
}

func (o *delOptions) api() []clientv3.OpOption {
	var options []clientv3.OpOption
	if o.Keys.End != "" {
		options = append(options, clientv3.WithRange(o.Keys.End))
	}
	if o.PrevKV {
		options = append(options, clientv3.WithPrevKV())
	}
	return options
}
