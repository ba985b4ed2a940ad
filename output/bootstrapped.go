package output

// Bootstrapped is the result of "auth bootstrap", or a part of it.
type Bootstrapped struct {
	noMessage

	Steps []BootstrapStep
}

// BootstrapStep is one thing that "auth bootstrap" has seen to.
type BootstrapStep struct {
	Says      string // what is so now
	Changed   bool   // it was not so before
	Passwords []GeneratedPassword
}

func (s BootstrapStep) result() string {
	if s.Changed {
		return "done"
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

// Fields implements Result.
func (r Bootstrapped) Fields(f *FieldText) { f.Object(r.Document()) }

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
