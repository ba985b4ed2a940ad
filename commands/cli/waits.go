package cli

import (
	"context"

	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/progress"
)

// withWaits returns a context for the work of a command. A terminal shows what the command
// waits for, see progress.Waiting.
func (f *Factory) withWaits(ctx context.Context) context.Context {
	if !f.Streams.ErrIsTerminal || f.Quiet {
		return (*progress.Waiting)(nil).In(ctx)
	}
	if f.waiting == nil {
		f.waiting = progress.NewWaiting(func(words string, seconds int) {
			if words != "" {
				words = progress.Text(f.safe(words), seconds, iostreams.Columns(f.Streams.Err)-1) // a full line may wrap
			}
			if f.wrote.Load() && !f.Streams.OutIsTerminal && !iostreams.IsFile(f.Streams.Out) {
				words = "" // a pager may read the output and show it on the same terminal
			}
			f.said.showStatus(words)
		})
	}
	return f.waiting.In(ctx)
}

// EndWaits makes the terminal no longer show what the command waits for, because something
// else uses the terminal: a child process, or what the user types.
func (f *Factory) EndWaits() { f.waiting.End() }
