package kv

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/scan"
	"github.com/ectl-io/ectl/output"
)

// getOptions is what "get" was asked to show.
type getOptions struct {
	Keys         keyRange
	Consistency  string
	Order        string
	SortBy       string
	Limit        int64
	Revision     int64
	KeysOnly     bool
	CountOnly    bool
	ValueOnly    bool
	MinCreateRev int64
	MaxCreateRev int64
	MinModRev    int64
	MaxModRev    int64
	Stream       bool
	MustFind     bool // nothing found is an error

	order  clientv3.SortOrder
	target clientv3.SortTarget
}

// NewGetCmd returns the command "get".
func NewGetCmd(f *cli.Factory) *cobra.Command { return newGetCmd(f, nil) }

func newGetCmd(f *cli.Factory, run func(context.Context, *getOptions) error) *cobra.Command {
	opts := &getOptions{}
	cmd := &cobra.Command{
		Use:   "get KEY [END]",
		Short: "Read a key or a range of keys",
		Long: `Read a key, or all keys from KEY up to END, without END. A key that does not
exist prints nothing and is no error, unless --fail-if-missing says so.

Keys are printed as they arrive, all of one revision: a range of any size needs
little memory, except in the format table. The command timeout is for each
block of keys. Orders other than by key, and limits of revisions, are the
server's work and take one request, in memory as large as its answer.`,
		Example: `  ` + f.Program + ` get /config/size
  ` + f.Program + ` get /config/ --prefix -w yaml
  ` + f.Program + ` get "" --prefix --keys-only
  ` + f.Program + ` get /config/size --fail-if-missing --print-value-only || echo unset`,
		GroupID: cli.GroupKV,
		Args:    cli.Args(1, cli.Unlimited, "a key [and an end key]"),
		RunE: f.RunE(func(ctx context.Context, args []string) error {
			if err := opts.complete(args, f.Printer().Format()); err != nil {
				return err
			}
			if run != nil {
				return run(ctx, opts)
			}
			return runGet(ctx, f, opts)
		}),
		ValidArgsFunction: completions.Args(f, completions.Keys, completions.Keys),
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.Consistency, "consistency", "l", "l: linearizable, the newest of the cluster; s: serializable, what the member knows")
	flags.StringVar(&opts.Order, "order", "", "order of the keys: "+choices(orders()))
	flags.StringVar(&opts.SortBy, "sort-by", "", "what the order is of: "+choices(targets()))
	flags.Int64Var(&opts.Limit, "limit", 0, "most keys to print (0: all)")
	flags.BoolVar(&opts.Keys.Prefix, "prefix", false, "read all keys that start with the key")
	flags.BoolVar(&opts.Keys.FromKey, "from-key", false, "read all keys from the key on, in byte order")
	flags.Int64Var(&opts.Revision, "rev", 0, "read what was there at this revision (0: the newest)")
	flags.BoolVar(&opts.KeysOnly, "keys-only", false, "do not read the values")
	flags.BoolVar(&opts.CountOnly, "count-only", false, "read only how many keys there are")
	flags.BoolVar(&opts.ValueOnly, "print-value-only", false, "print only the values, in the format simple")
	flags.Int64Var(&opts.MinCreateRev, "min-create-rev", 0, "lowest revision of a key's creation")
	flags.Int64Var(&opts.MaxCreateRev, "max-create-rev", 0, "highest revision of a key's creation")
	flags.Int64Var(&opts.MinModRev, "min-mod-rev", 0, "lowest revision of a key's last change")
	flags.Int64Var(&opts.MaxModRev, "max-mod-rev", 0, "highest revision of a key's last change")
	flags.BoolVar(&opts.Stream, "stream", false, "accepted for etcdctl's sake: results stream wherever the server can")
	flags.BoolVar(&opts.MustFind, flagFailIfMissing, false, "fail with status 1 where nothing is found")
	complete := func(names []string) cobra.CompletionFunc {
		return cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp)
	}
	_ = cmd.RegisterFlagCompletionFunc("consistency", complete([]string{"l", "s"}))
	_ = cmd.RegisterFlagCompletionFunc("order", complete(names(orders())))
	_ = cmd.RegisterFlagCompletionFunc("sort-by", complete(names(targets())))
	return cmd
}

// choice is one value of a flag and what it means to the API.
type choice[T any] struct {
	name  string
	value T
}

func orders() []choice[clientv3.SortOrder] {
	return []choice[clientv3.SortOrder]{{"ASCEND", clientv3.SortAscend}, {"DESCEND", clientv3.SortDescend}}
}

func targets() []choice[clientv3.SortTarget] {
	return []choice[clientv3.SortTarget]{
		{"CREATE", clientv3.SortByCreateRevision},
		{"KEY", clientv3.SortByKey},
		{"MODIFY", clientv3.SortByModRevision},
		{"VALUE", clientv3.SortByValue},
		{"VERSION", clientv3.SortByVersion},
	}
}

func names[T any](choices []choice[T]) []string {
	all := make([]string, 0, len(choices))
	for _, c := range choices {
		all = append(all, c.name)
	}
	return all
}

func choices[T any](choices []choice[T]) string { return strings.Join(names(choices), ", ") }

// choose returns what name, the value of flag, means, in any case of letters.
// The empty name is otherwise.
func choose[T any](flag, name string, choices []choice[T], otherwise T) (T, error) {
	if name == "" {
		return otherwise, nil
	}
	for _, c := range choices {
		if strings.EqualFold(c.name, name) {
			return c.value, nil
		}
	}
	return otherwise, exit.BadFeaturef("--%s %q: it is one of %s", flag, name, strings.Join(names(choices), ", "))
}

func (o *getOptions) complete(args []string, format output.Format) error {
	if err := o.Keys.validate(); err != nil {
		return err
	}
	if o.KeysOnly && o.CountOnly {
		return exit.BadArgsf("--keys-only and --count-only exclude each other: choose one")
	}
	if o.Consistency != "l" && o.Consistency != "s" {
		return exit.BadFeaturef("--consistency %q: it is l or s", o.Consistency)
	}
	if err := o.Keys.complete(args); err != nil {
		return err
	}
	var err error
	if o.order, err = choose("order", o.Order, orders(), clientv3.SortNone); err != nil {
		return err
	}
	if o.target, err = choose("sort-by", o.SortBy, targets(), clientv3.SortByKey); err != nil {
		return err
	}
	if o.MaxCreateRev > 0 && o.MinCreateRev > o.MaxCreateRev {
		return exit.BadFeaturef("--min-create-rev %d is more than --max-create-rev %d", o.MinCreateRev, o.MaxCreateRev)
	}
	if o.MaxModRev > 0 && o.MinModRev > o.MaxModRev {
		return exit.BadFeaturef("--min-mod-rev %d is more than --max-mod-rev %d", o.MinModRev, o.MaxModRev)
	}
	if o.ValueOnly && format != output.Simple {
		return exit.BadArgsf("--print-value-only is for the format simple alone")
	}
	return nil
}

// streams says whether the keys can be read block by block: in their own order
// and without filters, which are the server's work on the whole range.
func (o *getOptions) streams() bool {
	return !o.CountOnly && o.Keys.End != "" && o.Limit >= 0 &&
		o.target == clientv3.SortByKey && o.order != clientv3.SortDescend &&
		o.MinCreateRev <= 0 && o.MaxCreateRev <= 0 && o.MinModRev <= 0 && o.MaxModRev <= 0
}

func runGet(ctx context.Context, f *cli.Factory, opts *getOptions) error {
	client, err := f.Client(ctx)
	if err != nil {
		return err
	}
	sink := &counting{RangeStream: f.Printer().Range(output.RangeOptions{KeysOnly: opts.KeysOnly, CountOnly: opts.CountOnly, ValueOnly: opts.ValueOnly})}
	if err := opts.read(ctx, f, client, sink); err != nil {
		return err
	}
	found := sink.keys > 0 || opts.CountOnly && sink.count > 0
	if opts.MustFind && !found {
		return errors.New("nothing found: " + opts.Keys.String())
	}
	return nil
}

// counting is a stream that knows what was read.
type counting struct {
	output.RangeStream
	keys  int   // handed on
	count int64 // in the range, whatever was asked for of them
}

// Keys implements output.RangeStream.
func (c *counting) Keys(kvs []*mvccpb.KeyValue) error {
	c.keys += len(kvs)
	return c.RangeStream.Keys(kvs)
}

// End implements output.RangeStream.
func (c *counting) End(more bool, count int64) error {
	c.count = count
	return c.RangeStream.End(more, count)
}

// read reads what was asked for into sink.
func (o *getOptions) read(ctx context.Context, f *cli.Factory, client *etcd.Client, sink output.RangeStream) error {
	if o.streams() {
		return scan.Read(ctx, client.KV, scan.Query{
			Key:          o.Keys.Key,
			End:          o.Keys.End,
			Limit:        o.Limit,
			Revision:     max(o.Revision, 0),
			Serializable: o.Consistency == "s",
			KeysOnly:     o.KeysOnly,
			Timeout:      f.Connection.CommandTimeout,
		}, sink)
	}
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.GetResponse, error) {
		return c.Get(ctx, o.Keys.Key, o.api()...)
	})
	if err != nil {
		return err
	}
	return writeAll(sink, response)
}

func writeAll(sink output.RangeStream, response *clientv3.GetResponse) error {
	if err := sink.Begin(response.Header); err != nil {
		return err
	}
	if err := sink.Keys(response.Kvs); err != nil {
		return err
	}
	return sink.End(response.More, response.Count)
}

func (o *getOptions) api() []clientv3.OpOption {
	options := []clientv3.OpOption{clientv3.WithLimit(o.Limit), clientv3.WithSort(o.target, o.order)}
	if o.Keys.End != "" {
		options = append(options, clientv3.WithRange(o.Keys.End))
	}
	for _, option := range []struct {
		set   bool
		value clientv3.OpOption
	}{
		{o.Consistency == "s", clientv3.WithSerializable()},
		{o.KeysOnly, clientv3.WithKeysOnly()},
		{o.CountOnly, clientv3.WithCountOnly()},
	} {
		if option.set {
			options = append(options, option.value)
		}
	}
	for _, revision := range []struct {
		value int64
		with  func(int64) clientv3.OpOption
	}{
		{o.Revision, clientv3.WithRev},
		{o.MinCreateRev, clientv3.WithMinCreateRev},
		{o.MaxCreateRev, clientv3.WithMaxCreateRev},
		{o.MinModRev, clientv3.WithMinModRev},
		{o.MaxModRev, clientv3.WithMaxModRev},
	} {
		if revision.value > 0 {
			options = append(options, revision.with(revision.value))
		}
	}
	return options
}
