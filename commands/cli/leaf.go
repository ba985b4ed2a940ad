package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/internal/etcd"
)

// Options is what a leaf command was asked to do: a pointer to a struct whose
// fields the flags of the command are bound to.
type Options interface {
	// Complete fills in what the arguments and the flags mean together, and refuses
	// what has no meaning. It sends nothing. The global options of f are known by then.
	Complete(f *Factory, cmd *cobra.Command, args []string) error
}

// NoOptions are the options of a command that has none.
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
