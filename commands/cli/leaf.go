package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/internal/etcd"
)

// Options holds the arguments and flags of a leaf command. It is a pointer to a struct.
// The flags of the command are bound to its fields.
type Options interface {
	// Complete computes the options from arguments and flags, and refuses invalid ones.
	// It sends no request. The global options of f are complete by then.
	Complete(f *Factory, cmd *cobra.Command, args []string) error
}

// NoOptions is for a command without options.
type NoOptions struct{}

// Complete implements Options.
func (NoOptions) Complete(*Factory, *cobra.Command, []string) error { return nil }

// Run returns what a leaf command does, for its RunE. It completes the global
// options, of which an unknown output format ends the command, then opts, and calls
// run, or what Inspect has put in its place.
func Run[O Options](f *Factory, opts O, run func(context.Context, *Factory, O) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		f.formats = Formats(cmd)
		if err := f.Prepare(); err != nil {
			return err
		}
		if err := opts.Complete(f, cmd, args); err != nil {
			return err
		}
		if f.inspect != nil {
			return f.inspect(cmd.Context(), opts)
		}
		return run(cmd.Context(), f, opts)
	}
}

// RunRequest is Run for a command that makes one request and prints the response.
// run is called with the client of the cluster; its context ends with the command's
// timeout.
func RunRequest[O Options](f *Factory, opts O, run func(context.Context, *Factory, *etcd.Client, O) error) func(*cobra.Command, []string) error {
	return Run(f, opts, func(ctx context.Context, f *Factory, opts O) error {
		client, err := f.Client(ctx)
		if err != nil {
			return err
		}
		ctx, cancel := f.Timeout(ctx)
		defer cancel()
		return run(ctx, f, client, opts)
	})
}

// Inspect makes commands of f hand their completed Options to look in place of
// running: a request of a transaction is a command line that is only parsed, and
// tests parse command lines without a server.
func (f *Factory) Inspect(look func(context.Context, Options) error) { f.inspect = look }
