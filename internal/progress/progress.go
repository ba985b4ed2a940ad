// Package progress shows progress on the terminal.
package progress

import (
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/ectl-io/ectl/internal/iostreams"
)

// Bar shows how much of a task is done, the rate and the remaining time. It shows nothing
// if standard error is not a terminal, if the user wants quiet, or if the size is
// unknown.
type Bar struct{ bar *progressbar.ProgressBar }

// OfBytes returns a Bar for a task of about size bytes.
func OfBytes(s *iostreams.Streams, quiet bool, size int64) *Bar {
	return newBar(s, quiet, size,
		progressbar.OptionShowBytes(true),
		progressbar.OptionShowTotalBytes(true),
	)
}

// Of returns a Bar for n items. kind names them in the plural, for example "keys".
func Of(s *iostreams.Streams, quiet bool, n int64, kind string) *Bar {
	return newBar(s, quiet, n,
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString(kind),
	)
}

// Described returns a Bar for n items, with the description words.
func Described(s *iostreams.Streams, quiet bool, n int64, words string) *Bar {
	return newBar(s, quiet, n, progressbar.OptionSetDescription(words))
}

func newBar(s *iostreams.Streams, quiet bool, size int64, options ...progressbar.Option) *Bar {
	if !s.ErrIsTerminal || quiet || size <= 0 {
		return &Bar{}
	}
	to := line{s.Err, func() int { return iostreams.Columns(s.Err) }}
	return &Bar{progressbar.NewOptions64(size, append(options,
		progressbar.OptionSetWriter(to),
		progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetWidth(min(max(to.columns()-besides, 1), widest)),
		progressbar.OptionUseANSICodes(true),
		progressbar.OptionClearOnFinish(),
	)...)}
}

// Set sets how much of the task is done, in bytes or items.
func (b *Bar) Set(done int64) {
	if b.bar != nil {
		_ = b.bar.Set64(done)
	}
}

// Write implements io.Writer. It adds the length of p to the progress.
func (b *Bar) Write(p []byte) (int, error) {
	b.Add(int64(len(p)))
	return len(p), nil
}

// Add adds n to the progress. The size of the task grows if the progress reaches it.
func (b *Bar) Add(n int64) {
	if b.bar == nil {
		return
	}
	// The library ends a full bar, so the maximum is raised first.
	if done := b.bar.State().CurrentNum + n; done >= b.bar.GetMax64() {
		b.bar.ChangeMax64(done + 1)
	}
	_ = b.bar.Add64(n)
}

// End removes the bar from the terminal.
func (b *Bar) End() {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}
