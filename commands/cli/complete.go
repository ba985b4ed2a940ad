package cli

import (
	"context"
	"io"

	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
)

// Unattended implements completions.Connector. It silences the Factory, which must not
// be used for anything else afterwards.
func (f *Factory) Unattended() completions.Connect {
	quiet := *f.Streams
	quiet.Err = io.Discard
	f.Streams = &quiet
	f.said = &lines{to: func() io.Writer { return io.Discard }}
	f.unattended = true
	if err := f.Prepare(); err != nil || !f.Connection.Unattended() {
		return nil
	}
	if f.Shares() { // in a shell, which is connected already
		return func(context.Context) ([]completions.Dial, error) { return []completions.Dial{f.Client}, nil }
	}
	f.Connection.Debug = false // the debug log bypasses the streams
	f.Connection.Impatient = true
	return func(ctx context.Context) ([]completions.Dial, error) {
		dialer, err := etcd.NewDialer(ctx, &f.Connection, f.Prompter, func(string) {})
		if err != nil {
			return nil, err
		}
		var dials []completions.Dial
		for _, endpoint := range dialer.Apart() {
			dials = append(dials, func(ctx context.Context) (*etcd.Client, error) {
				client, err := dialer.Dial(ctx, []string{endpoint})
				if err == nil {
					context.AfterFunc(ctx, crash.Guarded(func() { _ = client.Close() }))
				}
				return client, err
			})
		}
		return dials, nil
	}
}

// LookupEnv implements completions.Connector.
func (f *Factory) LookupEnv(name string) (string, bool) { return f.Streams.LookupEnv(name) }

// Words implements completions.Connector.
func (f *Factory) Words() []string { return f.Line }
