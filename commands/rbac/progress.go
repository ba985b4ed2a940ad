package rbac

import (
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/ectl-io/ectl/internal/cli"
)

// progress shows on the terminal how many of many things are done. Without a
// terminal it shows nothing.
type progress struct {
	f    *cli.Factory
	what string
	bar  *progressbar.ProgressBar
}

func newProgress(f *cli.Factory, what string) *progress { return &progress{f: f, what: what} }

// worthIt is the number of things from which on a person would wonder how long
// they take.
const worthIt = 50

func (p *progress) show(done, total int) {
	if !p.f.Streams.ErrIsTerminal || p.f.Quiet || total < worthIt {
		return
	}
	if p.bar == nil || p.bar.GetMax() != total {
		p.end()
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(p.f.Streams.Err),
			progressbar.OptionSetDescription(p.what),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionFullWidth(),
			progressbar.OptionClearOnFinish(),
		)
	}
	_ = p.bar.Set(done)
}

// end takes the bar away.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
