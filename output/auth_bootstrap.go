package output

// Bootstrapped is the result of "auth bootstrap", or a part of it.
type Bootstrapped struct {
	Steps []BootstrapStep
}

// BootstrapStep is one thing that "auth bootstrap" has seen to.
type BootstrapStep struct {
	Says      string // what is so now
	Changed   bool   // it was not so before
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
func (r Bootstrapped) Simple(t *Text) {
	for _, step := range r.Steps {
		t.Linef("%s", step.Says)
		for _, p := range step.Passwords {
			t.Linef("Password of %s: %s", plainName(p.User), p.Password)
		}
	}
}

// Table implements Result: a row for each step.
func (r Bootstrapped) Table() TableData {
	t := TableData{Header: []string{"step", "result", "user", "password"}}
	for _, step := range r.Steps {
		row := []string{step.Says, step.result(), "", ""}
		if len(step.Passwords) == 0 {
			t.Rows = append(t.Rows, row)
		}
		for _, p := range step.Passwords {
			t.Rows = append(t.Rows, []string{step.Says, step.result(), cell([]byte(p.User)), p.Password})
		}
	}
	return t
}

// Document implements Result.
func (r Bootstrapped) Document() Object { return Object{{"steps", r.Items()}} }

// Items implements Lister.
func (r Bootstrapped) Items() []Object {
	items := []Object{}
	for _, step := range r.Steps {
		item := Object{{"step", step.Says}, {"changed", step.Changed}}
		if len(step.Passwords) > 0 {
			item = append(item, Member{"passwords", passwordItems(step.Passwords)})
		}
		items = append(items, item)
	}
	return items
}

// NextStep prints a step of "auth bootstrap", at once where the format allows that
// and in any case if it has passwords. EndSteps has to follow. Together they print
// what Print does of all steps, but for a table: its passwords are a table of their
// own.
func (p *Printer) NextStep(step BootstrapStep) error {
	first := len(p.steps) == 0
	p.steps = append(p.steps, step)
	this := Bootstrapped{Steps: []BootstrapStep{step}}
	switch p.format {
	case JSON:
		text, err := this.Items()[0].MarshalJSON()
		if err != nil {
			return err
		}
		before := ","
		if first {
			before = `{"steps":[`
		}
		_, err = p.w.Write(append([]byte(before), text...))
		return err
	case YAML:
		if !first {
			return writeYAMLItems(p.w, this.Items())
		}
	case CSV:
		if !first {
			return csvRows(p.w, this.Table().visible(true).Rows)
		}
	case Table:
		if len(step.Passwords) > 0 {
			return passwordTable(step.Passwords).visible(true).render(p.w)
		}
		return nil
	case Protobuf:
		if len(step.Passwords) > 0 { // of a field that comes again the last one counts
			return p.Print(Bootstrapped{Steps: p.steps})
		}
		return nil
	case Simple, Fields, NDJSON, Markdown, HTML:
	}
	return p.Print(this)
}

// EndSteps prints the end of the steps, if there were any.
func (p *Printer) EndSteps() error {
	all := Bootstrapped{Steps: p.steps}
	p.steps = nil
	if len(all.Steps) == 0 {
		return nil
	}
	switch p.format {
	case JSON:
		return p.line([]byte("]}"))
	case Table:
		t := TableData{Header: []string{"step", "result"}}
		for _, step := range all.Steps {
			t.Rows = append(t.Rows, []string{step.Says, step.result()})
		}
		return t.render(p.w)
	case Protobuf:
		return p.Print(all)
	case Simple, Fields, YAML, NDJSON, CSV, Markdown, HTML:
	}
	return nil
}
