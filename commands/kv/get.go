package kv

import (
	"context"
	"errors"

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

// getOptions holds the arguments and flags of "get".
type getOptions struct {
	Keys         cli.KeyRange
	Consistency  string
	Order        string
	SortBy       string
	Limit        int64
	Revision     int64
	KeysOnly     bool
	CountOnly    bool
	ValueOnly    bool
	Raw          bool // the value byte for byte
	MinCreateRev int64
	MaxCreateRev int64
	MinModRev    int64
	MaxModRev    int64
	Stream       bool
	MustFind     bool // no key found is an error

	serializable bool
	order        clientv3.SortOrder
	target       clientv3.SortTarget
}

const (
	flagKeysOnly  = "keys-only"
	flagCountOnly = "count-only"
	flagRaw       = "raw"
)

// NewGetCmd returns the command "get".
func NewGetCmd(f *cli.Factory) *cobra.Command {
	opts := &getOptions{Consistency: "l"}
	cmd := &cobra.Command{
		Use:   "get KEY [END]",
		Short: "Read a key or a range of keys",
		Long: `Read a key, or all keys from KEY up to END, without END. If no key exists, get
prints nothing and succeeds, unless --fail-if-missing is given.

Keys are printed as they arrive, all at one revision. A range of any size needs
little memory, except in the format table. The command timeout applies to each
block of keys. For other orders than by key, and for limits of revisions, the
server reads the range in one request. Its response must fit in memory.`,
		Example: `  # Get one key.
  ectl get /config/size
  # Get all keys that start with it.
  ectl get /config/ --prefix -w yaml
  # List the names of all keys.
  ectl get "" --prefix --keys-only
  # Write the bytes of a value to a file.
  ectl get /tls/key --raw > key.pem
  # Fail if the key does not exist.
  ectl get /config/size --fail-if-missing --print-value-only || echo unset`,
		GroupID:           cli.GroupKV,
		Args:              cli.Args(1, cli.Unlimited, "a key [and an end key]"),
		RunE:              cli.Run(f, opts, runGet),
		ValidArgsFunction: completions.Args(f, completions.Keys, completions.Keys),
	}
	flags := cmd.Flags()
	cli.Consistency().AddFlag(cmd, &opts.Consistency, "consistency of the read")
	orders().AddFlag(cmd, &opts.Order, "order of the keys")
	targets().AddFlag(cmd, &opts.SortBy, "sort by")
	flags.Int64Var(&opts.Limit, "limit", 0, "maximum number of keys to print (0: all)")
	opts.Keys.AddFlags(flags, "read")
	flags.Int64Var(&opts.Revision, "rev", 0, "revision to read (0: the newest)")
	flags.BoolVar(&opts.KeysOnly, flagKeysOnly, false, "do not read the values")
	flags.BoolVar(&opts.CountOnly, flagCountOnly, false, "print only the number of keys")
	flags.BoolVar(&opts.ValueOnly, "print-value-only", false, "print only the values, in the format simple")
	flags.BoolVar(&opts.Raw, flagRaw, false, "print only the value of one key, byte for byte and without a line break")
	flags.Int64Var(&opts.MinCreateRev, "min-create-rev", 0, "minimum create revision of the keys")
	flags.Int64Var(&opts.MaxCreateRev, "max-create-rev", 0, "maximum create revision of the keys")
	flags.Int64Var(&opts.MinModRev, "min-mod-rev", 0, "minimum modification revision of the keys")
	flags.Int64Var(&opts.MaxModRev, "max-mod-rev", 0, "maximum modification revision of the keys")
	flags.BoolVar(&opts.Stream, "stream", false, "accepted for compatibility with etcdctl: results always stream if the server can")
	flags.BoolVar(&opts.MustFind, flagFailIfMissing, false, "fail with status 1 if no key is found")
	for _, name := range []string{"rev", "min-create-rev", "max-create-rev", "min-mod-rev", "max-mod-rev"} {
		_ = cmd.RegisterFlagCompletionFunc(name, completions.Value(f, completions.Revisions)) // fails only if the flag does not exist
	}
	return cmd
}

// Complete implements cli.Options. The checks have etcdctl's order, which decides the
// exit status of a line with several mistakes.
func (o *getOptions) Complete(f *cli.Factory, cmd *cobra.Command, args []string) (err error) {
	if err := cli.Exclusive(cmd.Flags(), cli.FlagPrefix, cli.FlagFromKey); err != nil {
		return err
	}
	if err := cli.Exclusive(cmd.Flags(), flagKeysOnly, flagCountOnly); err != nil {
		return err
	}
	if o.serializable, err = cli.Consistency().Parse(o.Consistency); err != nil {
		return err
	}
	if err := o.Keys.Complete(args, cli.EmptyKeyAsGiven); err != nil {
		return err
	}
	if o.order, err = orders().Parse(o.Order); err != nil {
		return err
	}
	if o.target, err = targets().Parse(o.SortBy); err != nil {
		return err
	}
	if o.MaxCreateRev > 0 && o.MinCreateRev > o.MaxCreateRev {
		return exit.BadFeaturef("--min-create-rev %d is greater than --max-create-rev %d", o.MinCreateRev, o.MaxCreateRev)
	}
	if o.MaxModRev > 0 && o.MinModRev > o.MaxModRev {
		return exit.BadFeaturef("--min-mod-rev %d is greater than --max-mod-rev %d", o.MinModRev, o.MaxModRev)
	}
	if o.ValueOnly && f.Printer().Format() != output.Simple {
		return exit.BadArgsf("--print-value-only works only with the format simple")
	}
	return o.checkRaw(f, cmd)
}

// checkRaw refuses --raw if the output would not be exactly one value.
func (o *getOptions) checkRaw(f *cli.Factory, cmd *cobra.Command) error {
	switch {
	case !o.Raw:
		return nil
	case f.Printer().Format() != output.Simple || f.Hex:
		return exit.BadArgsf("--%s works only with the format simple, without --hex", flagRaw)
	case o.Keys.End != "":
		return exit.BadArgsf("--%s prints one value: give one key", flagRaw)
	}
	return cli.Exclusive(cmd.Flags(), flagRaw, flagKeysOnly, flagCountOnly)
}

// streams reports whether the keys can be read block by block: in key order and
// without filters. The server applies other orders and filters to the whole range.
func (o *getOptions) streams() bool {
	return !o.CountOnly && o.Keys.End != "" && o.Limit >= 0 &&
		o.target == clientv3.SortByKey && o.order != clientv3.SortDescend &&
		o.MinCreateRev <= 0 && o.MaxCreateRev <= 0 && o.MinModRev <= 0 && o.MaxModRev <= 0
}

func orders() cli.Choices[clientv3.SortOrder] {
	return cli.Choices[clientv3.SortOrder]{Flag: "order", FoldCase: true, Values: []cli.Choice[clientv3.SortOrder]{
		{Name: "", Value: clientv3.SortNone},
		{Name: "ASCEND", Value: clientv3.SortAscend},
		{Name: "DESCEND", Value: clientv3.SortDescend},
	}}
}

func targets() cli.Choices[clientv3.SortTarget] {
	return cli.Choices[clientv3.SortTarget]{Flag: "sort-by", FoldCase: true, Values: []cli.Choice[clientv3.SortTarget]{
		{Name: "", Value: clientv3.SortByKey},
		{Name: "CREATE", Value: clientv3.SortByCreateRevision},
		{Name: "KEY", Value: clientv3.SortByKey},
		{Name: "MODIFY", Value: clientv3.SortByModRevision},
		{Name: "VALUE", Value: clientv3.SortByValue},
		{Name: "VERSION", Value: clientv3.SortByVersion},
	}}
}

func runGet(ctx context.Context, f *cli.Factory, opts *getOptions) error {
	client, err := f.Client(ctx)
	if err != nil {
		return err
	}
	f.WarnIfReversed(opts.Keys)
	sink := &counting{RangeStream: f.Printer().Range(output.RangeOptions{KeysOnly: opts.KeysOnly, CountOnly: opts.CountOnly, ValueOnly: opts.ValueOnly, Raw: opts.Raw})}
	if err := opts.read(ctx, f, client, sink); err != nil {
		return err
	}
	found := sink.keys > 0 || opts.CountOnly && sink.count > 0
	if opts.MustFind && !found {
		return errors.New("no key found: " + opts.Keys.String())
	}
	return nil
}

// counting is a stream that counts what was read.
type counting struct {
	output.RangeStream
	keys  int   // passed to the RangeStream
	count int64 // number of keys in the range, regardless of the limit
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

// read reads the requested keys into sink.
func (o *getOptions) read(ctx context.Context, f *cli.Factory, client *etcd.Client, sink output.RangeStream) error {
	if o.streams() {
		return scan.Read(ctx, client.KV, scan.Query{
			Key:          o.Keys.Key,
			End:          o.Keys.End,
			Limit:        o.Limit,
			Revision:     max(o.Revision, 0),
			Serializable: o.serializable,
			KeysOnly:     o.KeysOnly,
			Timeout:      f.Connection.CommandTimeout,

			GCPercent: f.Heap.Lower,
		}, sink)
	}
	ctx, cancel := f.Timeout(ctx)
	defer cancel()
	response, err := client.Get(ctx, o.Keys.Key, o.api()...)
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
		{o.serializable, clientv3.WithSerializable()},
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
