package cli

import (
	"context"
	"io"

	"github.com/ectl-io/ectl/internal/etcd"
)

// Unattended implements completions.Connector. It silences the Factory, which must not
// be used for anything else afterwards.
func (f *Factory) Unattended() func(context.Context) (*etcd.Client, error) {
	quiet := *f.Streams
	quiet.Err = io.Discard
	f.Streams = &quiet
	f.said = &lines{to: func() io.Writer { return io.Discard }}
	if err := f.Prepare(); err != nil || !f.Connection.Unattended() {
		return nil
	}
	f.Connection.Debug = false // the debug log bypasses the streams
	return func(ctx context.Context) (*etcd.Client, error) {
		return etcd.Dial(ctx, &f.Connection, f.Prompter, func(string) {})
	}
}

// Words implements completions.Connector.
func (f *Factory) Words() []string { return f.Line }
