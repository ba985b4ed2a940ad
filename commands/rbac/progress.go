package rbac

import (
	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/progress"
)

// passing shows on the terminal how many of many things are done. Without a
// terminal it shows nothing.
type passing struct {
	f     *cli.Factory
	what  string
	total int
	bar   *progress.Bar
}

func newProgress(f *cli.Factory, what string) *passing { return &passing{f: f, what: what} }

// worthIt is the number of things from which on a person would wonder how long
// they take.
const worthIt = 50

func (p *passing) show(done, total int) {
	if total < worthIt {
		return
	}
	if p.bar == nil || p.total != total {
		p.end()
		p.bar, p.total = progress.Described(p.f.Streams, p.f.Quiet, int64(total), p.what), total
	}
	p.bar.Set(int64(done))
}

// end takes the bar away.
func (p *passing) end() {
	if p.bar != nil {
		p.bar.End()
	}
}
