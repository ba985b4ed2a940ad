package progress

import "github.com/ectl-io/ectl/internal/iostreams"

// Steps shows how many of many things are done. Unlike a Bar it learns how many there
// are while they are done.
type Steps struct {
	streams *iostreams.Streams
	quiet   bool
	words   string
	total   int
	bar     *Bar
}

// OfSteps returns Steps of things, with words before them.
func OfSteps(s *iostreams.Streams, quiet bool, words string) *Steps {
	return &Steps{streams: s, quiet: quiet, words: words}
}

// minShown is the number of things from which on a person would wonder how long
// they take.
const minShown = 50

// Show shows that so many of total things are done.
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

// End removes what is shown.
func (p *Steps) End() {
	if p.bar != nil {
		p.bar.End()
	}
}
