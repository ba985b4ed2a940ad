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
	// It sends no request. The global options of f are already complete.
	Complete(f *Factory, cmd *cobra.Command, args []string) error
}

// NoOptions is for a command without options.
type NoOptions struct{}

// Complete implements Options.
func (NoOptions) Complete(*Factory, *cobra.Command, []string) error { return nil }

// Run returns the RunE of a leaf command. It completes the global options and refuses
// an unknown output format. Then it completes opts and calls run, or the function of
// Inspect. If the command destroys something, the user may be asked first, see Destroys.
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
		if f.rehearsal != nil && !f.DryRun() {
			return nil
		}
		ctx := f.withWaits(cmd.Context())
		if err := f.agreeToDestroy(ctx); err != nil {
			return err
		}
		return run(ctx, f, opts)
	}
}

// RunRequest is Run for a command that sends one request and prints the response. run
// gets the client of the cluster. Its context has the timeout of the command.
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

// Inspect makes commands of f pass their completed Options to look instead of running.
// Transactions use it for requests that are only parsed. Tests use it to parse command
// lines without a server.
func (f *Factory) Inspect(look func(context.Context, Options) error) { f.inspect = look }
