package kv

import (
	"context"
	"errors"

	"github.com/spf13/pflag"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/scan"
)

// levelOptions selects keys to read level by level.
type levelOptions struct {
	scan.Levels
	Depth int
}

func (o *levelOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.Delimiter, "delimiter", "/", "separator between the levels of a key")
	flags.IntVar(&o.Depth, flagDepth, 1, "`number` of levels to show below the prefix")
}

const (
	flagDepth     = "depth"
	flagRecursive = "recursive"
)

func (o *levelOptions) complete(args []string) error {
	if len(args) > 0 {
		o.Prefix = args[0]
	}
	if o.Delimiter == "" {
		return exit.BadArgsf("--delimiter is empty: give the separator between the levels of a key")
	}
	if o.Depth < 1 {
		return exit.BadArgsf("--%s must be positive: got %d", flagDepth, o.Depth)
	}
	return nil
}

// read calls read with the range of all keys that start with the prefix. If the server
// denies that, it calls read with the parts of the range that the user's roles permit.
func (o *levelOptions) read(ctx context.Context, f *cli.Factory, read func(client *etcd.Client, ranges []access.Range) error) error {
	client, err := f.Client(ctx)
	if err != nil {
		return err
	}
	all := access.PrefixRange([]byte(o.Prefix))
	err = read(client, []access.Range{all})
	var begun *scan.IncompleteError
	if !errors.Is(err, rpctypes.ErrPermissionDenied) || errors.As(err, &begun) {
		return err
	}
	readable, askErr := cli.Call(ctx, f, reader.Readable)
	readable = readable.Intersection(access.SetOf(all))
	if askErr != nil || readable.IsEmpty() {
		return err // the denied permission explains more
	}
	f.Warn("only the keys that the roles of " + client.Username + " permit are shown: " + readable.String())
	return read(client, readable.Ranges())
}
