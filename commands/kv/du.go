package kv

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/scan"
	"github.com/ectl-io/ectl/output"
)

// duOptions holds the arguments and flags of "du".
type duOptions struct {
	levelOptions
	Top int // 0: all
}

// NewDuCmd returns the command "du".
func NewDuCmd(f *cli.Factory) *cobra.Command {
	opts := &duOptions{}
	cmd := &cobra.Command{
		Use:   "du [PREFIX]",
		Short: "Show the number and size of keys, level by level",
		Long: `Show the number of keys that start with PREFIX and the size of the keys and
their values in bytes. Then show the same for each subtree, the largest first.
--depth includes the subtrees of lower levels. Old revisions and database
overhead are not counted: "endpoint status" shows the size of the database.

All keys and values are read at one revision. This needs little memory, because
only the --top largest subtrees are kept. The number of omitted subtrees is
shown.

Users without permission on the whole prefix see only the keys they may read.`,
		Example: `  # Count all keys and bytes, level by level.
  ectl du
  # Two levels, the twenty largest subtrees first.
  ectl du /registry/ --depth 2 --top 20
  # Keys with another separator.
  ectl du users: --delimiter : -w csv`,
		GroupID:           cli.GroupKV,
		Args:              cli.Args(0, 1, "at most a prefix"),
		RunE:              cli.Run(f, opts, runDu),
		ValidArgsFunction: completions.Args(f, completions.Keys),
	}
	opts.addFlags(cmd.Flags())
	cmd.Flags().IntVar(&opts.Top, "top", 1000, "show only the `N` largest subtrees (0: all)")
	return cli.Extension(cmd)
}

// Complete implements cli.Options.
func (o *duOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	if err := o.complete(args); err != nil {
		return err
	}
	if o.Top < 0 {
		return exit.BadArgsf("--top must not be negative: got %d", o.Top)
	}
	return nil
}

func runDu(ctx context.Context, f *cli.Factory, opts *duOptions) error {
	var used *usage
	err := opts.read(ctx, f, func(client *etcd.Client, ranges []access.Range) error {
		used = newUsage(opts)
		return scan.ReadRanges(ctx, client.KV, scan.Query{Timeout: f.Connection.CommandTimeout, GCPercent: f.Heap.Lower}, ranges, used)
	})
	if err != nil {
		return err
	}
	result := used.result()
	if err := f.Print(result); err != nil {
		return err
	}
	if result.Omitted > 0 {
		f.Say(fmt.Sprintf("%d smaller subtrees are not shown (--top)", result.Omitted))
	}
	return nil
}

// usage adds up keys that arrive in order. It holds the current subtree of each level
// and the largest subtrees of all.
type usage struct {
	*duOptions
	header  *pb.ResponseHeader
	total   output.UsedLevel
	open    []output.UsedLevel // by level
	closed  []output.UsedLevel // at most sortAt times Top
	omitted int64
}

func newUsage(o *duOptions) *usage {
	return &usage{duOptions: o, total: output.UsedLevel{Prefix: o.Prefix}}
}

// Begin implements scan.Sink.
func (u *usage) Begin(header *pb.ResponseHeader) error {
	u.header = header
	return nil
}

// Keys implements scan.Sink.
func (u *usage) Keys(kvs []*mvccpb.KeyValue) error {
	for _, kv := range kvs {
		key, size := kv.GetKey(), int64(len(kv.GetKey())+len(kv.GetValue()))
		u.total.Keys++
		u.total.Bytes += size
		depth := 0
		for ; depth < u.Depth; depth++ {
			cut := u.Cut(key, depth+1)
			if cut == 0 {
				break
			}
			if depth >= len(u.open) || u.open[depth].Prefix != string(key[:cut]) {
				u.close(depth)
				u.open = append(u.open, output.UsedLevel{Prefix: string(key[:cut])})
			}
			u.open[depth].Keys++
			u.open[depth].Bytes += size
		}
		u.close(depth)
	}
	return nil
}

// close closes the open subtrees from depth on.
func (u *usage) close(depth int) {
	for len(u.open) > depth {
		last := len(u.open) - 1
		u.closed, u.open = append(u.closed, u.open[last]), u.open[:last]
	}
	if u.Top > 0 && len(u.closed) >= sortAt*u.Top {
		u.trimToTop()
	}
}

// sortAt is how many times Top subtrees are held before trimToTop trims them.
const sortAt = 3

// trimToTop sorts the closed subtrees and keeps the Top largest.
func (u *usage) trimToTop() {
	slices.SortFunc(u.closed, func(a, b output.UsedLevel) int { return compareLevels(b, a) })
	if u.Top > 0 && len(u.closed) > u.Top {
		u.omitted += int64(len(u.closed) - u.Top)
		u.closed = u.closed[:u.Top]
	}
}

// End implements scan.Sink.
func (u *usage) End(bool, int64) error {
	u.close(0)
	return nil
}

func (u *usage) result() output.Usage {
	u.trimToTop()
	return output.Usage{Header: u.header, Levels: append([]output.UsedLevel{u.total}, u.closed...), Omitted: u.omitted}
}

// compareLevels compares by size, then by number of keys. If both are equal, the
// subtree with the first name is the larger. So a parent is listed before its only
// child.
func compareLevels(a, b output.UsedLevel) int {
	return cmp.Or(cmp.Compare(a.Bytes, b.Bytes), cmp.Compare(a.Keys, b.Keys), cmp.Compare(b.Prefix, a.Prefix))
}
