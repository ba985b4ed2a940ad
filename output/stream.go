package output

// ResultStream writes results one after another as one output: with a line between
// YAML's documents, and one header for all of CSV's rows. A table is drawn for each.
type ResultStream struct {
	p       *Printer
	written bool // a result
}

// Results returns the stream that writes results in the printer's format.
func (p *Printer) Results() *ResultStream { return &ResultStream{p: p} }

// Next writes a result.
func (s *ResultStream) Next(r Result) error {
	following := s.written
	s.written = true
	switch {
	case !following:
	case s.p.format == YAML:
		if _, err := s.p.w.WriteString("---\n"); err != nil {
			return err
		}
	case s.p.format == CSV:
		return csvRows(s.p.w, r.Table().visible(false).Rows)
	}
	return s.p.Print(r)
}
