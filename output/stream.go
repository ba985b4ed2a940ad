package output

// Next prints one result of a stream of results: with a line between YAML's
// documents, and one header for all of CSV's rows. Tables are one for each
// result.
func (p *Printer) Next(r Result) error {
	following := p.following
	p.following = true
	switch {
	case !following:
	case p.format == YAML:
		if _, err := p.w.WriteString("---\n"); err != nil {
			return err
		}
	case p.format == CSV:
		return csvRows(p.w, r.Table().visible(false).Rows)
	}
	return p.Print(r)
}

// Notice writes a line that etcdctl writes in each of its formats, between
// results, and does so at once.
func (p *Printer) Notice(line string) error {
	if err := p.line([]byte(line)); err != nil {
		return err
	}
	return p.Flush()
}
