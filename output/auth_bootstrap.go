package output

// Bootstrap is the result of "auth bootstrap", or a part of it.
type Bootstrap struct {
	Steps []BootstrapStep
}

// BootstrapStep is one completed step of "auth bootstrap".
type BootstrapStep struct {
	Line      string // the state after the step, as a line
	Changed   bool   // the step changed the cluster
	Passwords []GeneratedPassword
}

func (s BootstrapStep) result() string {
	switch {
	case s.Changed:
		return "done"
	case len(s.Passwords) > 0:
		return "printed"
	}
	return "unchanged"
}

// Simple implements Result: a line for each step.
func (r Bootstrap) Simple(t *Text) {
	for _, step := range r.Steps {
		t.Linef("%s", step.Line)
		for _, p := range step.Passwords {
			t.Linef("Password of %s: %s", plainName(p.User), p.Password)
		}
	}
}

// Table implements Result: a row for each step.
func (r Bootstrap) Table() TableData {
	t := TableData{Header: []string{"step", "result", "user", "password"}}
	for _, step := range r.Steps {
		row := []string{step.Line, step.result(), "", ""}
		if len(step.Passwords) == 0 {
			t.Rows = append(t.Rows, row)
		}
		for _, p := range step.Passwords {
			t.Rows = append(t.Rows, []string{step.Line, step.result(), cell([]byte(p.User)), p.Password})
		}
	}
	return t
}

// Document implements Result.
func (r Bootstrap) Document() Object { return Object{{"steps", r.Items()}} }

// Items implements Lister.
func (r Bootstrap) Items() []Object {
	items := []Object{}
	for _, step := range r.Steps {
		item := Object{{"step", step.Line}, {"changed", step.Changed}}
		if len(step.Passwords) > 0 {
			item = append(item, Member{"passwords", passwordItems(step.Passwords)})
		}
		items = append(items, item)
	}
	return items
}

// BootstrapStream writes each step of "auth bootstrap" when it is done. The output equals
// that of Print for all steps, except in the table format. There, the passwords have
// their own tables, which precede the table of the steps.
type BootstrapStream struct {
	p     *Printer
	steps []BootstrapStep
}

// Bootstrap returns the stream that writes steps in the printer's format.
func (p *Printer) Bootstrap() *BootstrapStream { return &BootstrapStream{p: p} }

// Next writes a step. A step with passwords is written at once, and so are the others if
// the format allows it. The caller must call End.
func (s *BootstrapStream) Next(step BootstrapStep) error {
	first, w := len(s.steps) == 0, s.p.w
	s.steps = append(s.steps, step)
	this := Bootstrap{Steps: []BootstrapStep{step}}
	switch s.p.format {
	case JSON:
		text, err := this.Items()[0].MarshalJSON()
		if err != nil {
			return err
		}
		before := ","
		if first {
			before = `{"steps":[`
		}
		_, err = w.Write(append([]byte(before), text...))
		return err
	case YAML:
		if !first {
			return writeYAMLItems(w, this.Items())
		}
	case CSV:
		if !first {
			return csvRows(w, this.Table().visible(true).Rows)
		}
	case Table:
		if len(step.Passwords) > 0 {
			return passwordTable(step.Passwords).visible(true).render(w)
		}
		return nil
	case Protobuf:
		if len(step.Passwords) > 0 { // all steps: a reader keeps the last list
			return s.p.Print(Bootstrap{Steps: s.steps})
		}
		return nil
	case Simple, Fields, NDJSON, Markdown, HTML, Wide:
	}
	return s.p.Print(this)
}

// End writes the end of the output if there were any steps.
func (s *BootstrapStream) End() error {
	if len(s.steps) == 0 {
		return nil
	}
	switch s.p.format {
	case JSON:
		return s.p.line([]byte("]}"))
	case Table:
		t := TableData{Header: []string{"step", "result"}}
		for _, step := range s.steps {
			t.Rows = append(t.Rows, []string{step.Line, step.result()})
		}
		return t.render(s.p.w)
	case Protobuf:
		return s.p.Print(Bootstrap{Steps: s.steps})
	case Simple, Fields, YAML, NDJSON, CSV, Markdown, HTML, Wide:
	}
	return nil
}
