package kv

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/limited"
	"github.com/ectl-io/ectl/output"
)

// putOptions holds the arguments and flags of "put".
type putOptions struct {
	Key, Value  string
	Lease       string // hexadecimal
	LeaseID     clientv3.LeaseID
	PrevKV      bool
	IgnoreValue bool
	IgnoreLease bool
	IfAbsent    bool
	IfRev       optionalInt // modification revision of the key; 0 if it does not exist
}

// NewPutCmd returns the command "put".
func NewPutCmd(f *cli.Factory) *cobra.Command {
	opts := &putOptions{}
	cmd := &cobra.Command{
		Use:   "put KEY [VALUE]",
		Short: "Write a key",
		Long: `Write a key. Without VALUE, the value is all of standard input, unchanged. Put
"--" before a key or value that begins with "-".

--if-absent and --if-rev write only if the key is in the given state. Otherwise
the command fails with status 1. The error and the formats other than simple
contain the key's modification revision. Both options also need permission to
read the key.`,
		Example: `  # Write a value.
  ectl put /config/size 3
  # Read the value from standard input.
  ectl put /config/file < file
  # A value that starts with a dash.
  ectl put -- /config/offset -1
  # Write only if the key does not exist.
  ectl put /config/size 3 --if-absent
  # Write only if it was not changed since this revision.
  ectl put /config/size 4 --if-rev 1234`,
		GroupID:           cli.GroupKV,
		Args:              cli.Args(1, cli.Unlimited, "a key and a value (or the value from standard input)"),
		RunE:              cli.RunRequest(f, opts, runPut),
		ValidArgsFunction: completions.Args(f, completions.Keys),
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.Lease, "lease", "0", "`ID` of the lease to attach the key to, in hexadecimal")
	_ = cmd.RegisterFlagCompletionFunc("lease", completions.Value(f, completions.Leases)) // fails only if the flag does not exist
	flags.BoolVar(&opts.PrevKV, "prev-kv", false, "also print the previous key and value")
	flags.BoolVar(&opts.IgnoreValue, "ignore-value", false, "keep the current value of the key")
	flags.BoolVar(&opts.IgnoreLease, "ignore-lease", false, "keep the current lease of the key")
	flags.BoolVar(&opts.IfAbsent, flagIfAbsent, false, "write only if the key does not exist")
	flags.Var(&opts.IfRev, flagIfRev, "write only if the key's modification revision is `N` (0: it does not exist)")
	return cli.DryRun(f, cmd)
}

// maxValue is the maximum size of a value from standard input, in bytes. Servers accept
// 1.5 MiB by default.
const maxValue = 64 << 20

// Complete implements cli.Options.
func (o *putOptions) Complete(f *cli.Factory, cmd *cobra.Command, args []string) error {
	o.Key = args[0]
	if o.IgnoreValue && len(args) > 1 {
		return exit.BadArgsf("--ignore-value keeps the current value: give only the key")
	}
	if err := cli.Exclusive(cmd.Flags(), flagIfAbsent, flagIfRev); err != nil {
		return err
	}
	if (o.IfAbsent || o.IfRev.given && o.IfRev.value == 0) && (o.IgnoreValue || o.IgnoreLease) {
		return exit.BadArgsf("a key that does not exist has no value and no lease to keep: leave out --ignore-value and --ignore-lease")
	}
	switch {
	case o.IgnoreValue:
	case len(args) > 1:
		o.Value = args[1]
	default:
		value, err := limited.ReadAll(f.Stdin(), "standard input", maxValue)
		if err != nil {
			return exit.With(exit.BadArgs, fmt.Errorf("read the value from standard input: %w", err))
		}
		if len(value) == 0 {
			return exit.BadArgsf("no value: give it after the key or on standard input; for an empty value, use put KEY ''")
		}
		o.Value = string(value)
	}
	id, err := strconv.ParseInt(o.Lease, 16, 64)
	if err != nil {
		return exit.BadArgsf("invalid --lease %q: want a lease ID in hexadecimal, as \"lease list\" prints it", o.Lease)
	}
	o.LeaseID = clientv3.LeaseID(id)
	return nil
}

func (o *putOptions) api() []clientv3.OpOption {
	var options []clientv3.OpOption
	if o.LeaseID != clientv3.NoLease {
		options = append(options, clientv3.WithLease(o.LeaseID))
	}
	if o.PrevKV {
		options = append(options, clientv3.WithPrevKV())
	}
	if o.IgnoreValue {
		options = append(options, clientv3.WithIgnoreValue())
	}
	if o.IgnoreLease {
		options = append(options, clientv3.WithIgnoreLease())
	}
	return options
}

func runPut(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *putOptions) error {
	if opts.IfAbsent || opts.IfRev.given {
		return putIf(ctx, f, c, opts)
	}
	response, err := c.Put(ctx, opts.Key, opts.Value, opts.api()...)
	if err != nil {
		return err
	}
	return f.Print(output.Put{Key: opts.Key, Response: response})
}

// putIf writes the key if it is in the required state. A key that does not exist has
// the revision 0.
func putIf(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *putOptions) error {
	response, err := c.Txn(ctx).
		If(clientv3.Compare(clientv3.ModRevision(opts.Key), "=", opts.IfRev.value)).
		Then(clientv3.OpPut(opts.Key, opts.Value, opts.api()...)).
		Else(clientv3.OpGet(opts.Key, clientv3.WithKeysOnly())).
		Commit()
	if err != nil {
		return explainReadPermission(err, "--"+flagIfAbsent+" and --"+flagIfRev)
	}
	if response.Succeeded {
		put := response.Responses[0].GetResponsePut()
		put.Header = response.Header
		return f.Print(output.Put{Key: opts.Key, Response: (*clientv3.PutResponse)(put)})
	}
	found := response.Responses[0].GetResponseRange()
	found.Header = response.Header
	refused := output.PutRefused{Key: opts.Key, Response: found}
	if err := f.Print(refused); err != nil {
		return err
	}
	return errors.New("nothing was written: " + refused.Reason())
}
