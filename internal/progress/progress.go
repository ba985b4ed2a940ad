// Package progress shows progress on the terminal.
package progress

import (
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/ectl-io/ectl/internal/iostreams"
)

// Bar shows a part of a whole, the rate and the time left. Without a terminal,
// and where the user wants quiet, it shows nothing.
type Bar struct{ bar *progressbar.ProgressBar }

// OfBytes returns a Bar of a whole that has about so many bytes.
func OfBytes(s *iostreams.Streams, quiet bool, size int64) *Bar {
	return newBar(s, quiet, size,
		progressbar.OptionShowBytes(true),
		progressbar.OptionShowTotalBytes(true),
	)
}

// Of returns a Bar of n things of a kind: "keys".
func Of(s *iostreams.Streams, quiet bool, n int64, kind string) *Bar {
	return newBar(s, quiet, n,
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString(kind),
	)
}

// Described returns a Bar of n things, with words before it.
func Described(s *iostreams.Streams, quiet bool, n int64, words string) *Bar {
	return newBar(s, quiet, n, progressbar.OptionSetDescription(words))
}

func newBar(s *iostreams.Streams, quiet bool, size int64, options ...progressbar.Option) *Bar {
	if !s.ErrIsTerminal || quiet || size <= 0 {
		return &Bar{}
	}
	to := line{s.Err, func() int { return columnsOf(s.Err) }}
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

// Set says how much of the whole is done.
func (b *Bar) Set(done int64) {
	if b.bar != nil {
		_ = b.bar.Set64(done)
	}
}

// Write implements io.Writer: the bytes are a part of the whole.
func (b *Bar) Write(p []byte) (int, error) {
	b.Add(int64(len(p)))
	return len(p), nil
}

// Add adds a part of the whole, which may turn out larger than it was thought.
func (b *Bar) Add(n int64) {
	if b.bar == nil {
		return
	}
	// A bar that is full is at its end.
	if done := b.bar.State().CurrentNum + n; done >= b.bar.GetMax64() {
		b.bar.ChangeMax64(done + 1)
	}
	_ = b.bar.Add64(n)
}

// End takes the bar away.
func (b *Bar) End() {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}
