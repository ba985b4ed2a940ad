package kv

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/txn"
	"github.com/ectl-io/ectl/output"
)

// txnOptions holds the flags of "txn".
type txnOptions struct {
	Interactive bool
}

// NewTxnCmd returns the command "txn".
func NewTxnCmd(f *cli.Factory) *cobra.Command {
	opts := &txnOptions{}
	cmd := &cobra.Command{
		Use:   "txn",
		Short: "Run a transaction from standard input",
		Long: `Run a transaction from standard input. It has three parts: comparisons, requests
for success, and requests for failure. An empty line ends each part. If all
comparisons are true, the requests for success run, and otherwise the others.

A comparison is TARGET("KEY") OPERATOR "VALUE" with spaces around the operator.
The operators are = != < >. The targets are mod, create (revisions), version,
value and lease. A lease ID is in hexadecimal. KEY and VALUE may contain Go's
escapes.

A request is a command line of get, put or del. A word in 'single quotes' is
used unchanged. A word in "double quotes" may contain Go's escapes.

Nothing is sent until the whole transaction is read and valid.`,
		Example: `  # Set a key if it does not exist, and otherwise read it.
  ectl txn <<'END'
  mod("/config/size") = "0"

  put /config/size 3

  get /config/size

  END`,
		GroupID: cli.GroupKV,
		Args:    cli.NoArgs,
		RunE:    cli.Run(f, opts, runTxn),
	}
	cmd.Flags().BoolVarP(&opts.Interactive, "interactive", "i", false, "prompt for each part")
	return cli.DryRun(f, cli.Destroys(f, cmd, opts, cli.Destruction[*txnOptions]{}))
}

// Complete implements cli.Options.
func (*txnOptions) Complete(*cli.Factory, *cobra.Command, []string) error { return nil }

func runTxn(ctx context.Context, f *cli.Factory, opts *txnOptions) error {
	// The password of a login comes first from standard input, as in etcdctl.
	client, err := f.Client(ctx)
	if err != nil {
		return err
	}
	transaction, err := readTxn(ctx, f, opts)
	if err != nil {
		return err
	}
	if err := transaction.agree(ctx, f); err != nil {
		return err
	}
	ctx, cancel := f.Timeout(ctx)
	defer cancel()
	response, err := client.Txn(ctx).If(transaction.compares...).Then(transaction.success...).Else(transaction.failure...).Commit()
	if err != nil {
		return err
	}
	return f.Print(output.Txn{Response: response})
}

type transaction struct {
	compares         []clientv3.Cmp
	success, failure []clientv3.Op
	deletions        []string // the ranges of keys that it may delete
}

// agree asks for the deletions.
func (t *transaction) agree(ctx context.Context, f *cli.Factory) error {
	if len(t.deletions) == 0 {
		return nil
	}
	return f.Agree(ctx, func(context.Context) (string, error) {
		return "run a transaction that may delete " + strings.Join(t.deletions, ", "), nil
	})
}

// readTxn reads a transaction from standard input. An interrupt ends the read.
func readTxn(ctx context.Context, f *cli.Factory, opts *txnOptions) (*transaction, error) {
	t := &transaction{}
	handler := txn.Handler{
		Begin: func(part txn.Part) error {
			if !opts.Interactive {
				return nil
			}
			return f.Printer().Notice(part.Title())
		},
		Compare: func(c clientv3.Cmp) { t.compares = append(t.compares, c) },
		Request: func(part txn.Part, words []string) error {
			op, err := parseRequest(ctx, f, words)
			if err != nil {
				return err
			}
			if op.IsDelete() && len(op.RangeBytes()) > 0 {
				t.deletions = append(t.deletions, access.Range{Key: op.KeyBytes(), End: op.RangeBytes()}.String())
			}
			if part == txn.SuccessRequests {
				t.success = append(t.success, op)
			} else {
				t.failure = append(t.failure, op)
			}
			return nil
		},
	}
	return iostreams.Await(ctx, func() (*transaction, error) {
		// An error may already have a status, for example for a bad argument of put. It
		// keeps this status, because the innermost status takes precedence.
		return t, exit.With(exit.InvalidInput, txn.Read(bufio.NewReader(f.Stdin()), handler))
	})
}

// parseRequest parses words, a command line of get, put or del, as a request of a
// transaction. As on every command line, the names can be abbreviated and options can
// precede them.
func parseRequest(ctx context.Context, f *cli.Factory, words []string) (clientv3.Op, error) {
	whole := f // the Factory of the transaction
	f, err := f.ForRequest()
	if err != nil {
		return clientv3.Op{}, err
	}
	var op clientv3.Op
	f.Inspect(func(ctx context.Context, opts cli.Options) error {
		switch o := opts.(type) {
		case *getOptions:
			op = clientv3.OpGet(o.Keys.Key, o.api()...)
		case *putOptions:
			op = clientv3.OpPut(o.Key, o.Value, o.api()...)
		case *delOptions:
			op = clientv3.OpDelete(o.Keys.Key, o.api()...)
			return o.pause(ctx, whole)
		}
		return nil
	})
	requests := &cobra.Command{Use: "txn"}
	for _, cmd := range []*cobra.Command{NewGetCmd(f), NewPutCmd(f), NewDelCmd(f)} {
		for end := 1; end < len(cmd.Name()); end++ {
			cmd.Aliases = append(cmd.Aliases, cmd.Name()[:end])
		}
		cmd.GroupID = ""
		requests.AddCommand(cmd)
	}
	cmd, args, err := requests.Find(words)
	if err != nil || cmd == requests {
		return op, fmt.Errorf("invalid request: %s: want get, put or del", strings.Join(words, " "))
	}
	switch err := cmd.ParseFlags(args); {
	case errors.Is(err, pflag.ErrHelp): // would otherwise print a help text and exit with status 0
		return op, fmt.Errorf("invalid request: %s: no help within a transaction; see '%s %[1]s --help'", cmd.Name(), f.Program)
	case err != nil:
		return op, fmt.Errorf("invalid request: %s: %w", cmd.Name(), err)
	}
	if err := checkRequest(cmd.Flags()); err != nil {
		return op, fmt.Errorf("invalid request: %s: %w", cmd.Name(), err)
	}
	args = cmd.Flags().Args()
	if err := cmd.ValidateArgs(args); err != nil {
		return op, err
	}
	cmd.SetContext(ctx)
	return op, cmd.RunE(cmd, args)
}
