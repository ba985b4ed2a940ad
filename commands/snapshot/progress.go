package snapshot

import (
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/ectl-io/ectl/internal/iostreams"
)

// progress shows on the terminal how far a copy is. Without one it shows
// nothing.
type progress struct{ bar *progressbar.ProgressBar }

func newProgress(s *iostreams.Streams, quiet bool, size int64) *progress {
	if !s.ErrIsTerminal || quiet || size <= 0 {
		return &progress{}
	}
	return &progress{progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(s.Err),
		progressbar.OptionShowBytes(true),
		progressbar.OptionShowTotalBytes(true),
		progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionFullWidth(),
		progressbar.OptionClearOnFinish(),
	)}
}

// Write implements io.Writer.
func (p *progress) Write(b []byte) (int, error) {
	if p.bar != nil {
		// A bar that is full is at its end, and the database may have grown.
		if done := p.bar.State().CurrentNum + int64(len(b)); done >= p.bar.GetMax64() {
			p.bar.ChangeMax64(done + 1)
		}
		_ = p.bar.Add(len(b))
	}
	return len(b), nil
}

// end takes the bar away.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
