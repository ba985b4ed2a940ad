package output

// ResultStream writes several results as one output. "---" separates YAML documents, and
// CSV has one header for all rows. The table format draws one table for each result.
type ResultStream struct {
	p       *Printer
	written bool // a result was written
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
		return csvRows(s.p.w, r.Table().visible(false).forCSV().Rows)
	}
	return s.p.Print(r)
}
