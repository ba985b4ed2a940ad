package progress

import "github.com/ectl-io/ectl/internal/iostreams"

// Steps shows how many steps of a task are done. Unlike with a Bar, the total may change
// while the task runs.
type Steps struct {
	streams *iostreams.Streams
	quiet   bool
	words   string
	total   int
	bar     *Bar
}

// OfSteps returns a Steps with the description words.
func OfSteps(s *iostreams.Streams, quiet bool, words string) *Steps {
	return &Steps{streams: s, quiet: quiet, words: words}
}

// minShown is the minimum number of steps for which progress is shown. Fewer steps end
// before a user looks for progress.
const minShown = 50

// Show shows that done of total steps are done. It shows nothing if total is less than
// minShown.
func (p *Steps) Show(done, total int) {
	if total < minShown {
		return
	}
	if p.bar == nil || p.total != total {
		p.End()
		p.bar, p.total = Described(p.streams, p.quiet, int64(total), p.words), total
	}
	p.bar.Set(int64(done))
}

// End removes the progress from the terminal.
func (p *Steps) End() {
	if p.bar != nil {
		p.bar.End()
	}
}
