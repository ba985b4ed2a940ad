package output

import "strings"

// ContextItem is a context in "context list".
type ContextItem struct {
	Name      string
	Current   bool
	Protected bool
	Endpoints string // empty if they come from DNS
	User      string // empty for no user, or that of a certificate
}

func (c ContextItem) document() Object {
	return Object{
		{"name", c.Name}, {"current", c.Current}, {"protected", c.Protected},
		{"endpoints", splitList(c.Endpoints)}, {"user", c.User},
	}
}

// splitList returns the parts of a list separated by commas.
func splitList(list string) []string {
	if list == "" {
		return []string{}
	}
	return strings.Split(list, ",")
}

// Contexts is the result of "context list".
type Contexts struct{ List []ContextItem }

// Simple implements Result. The current context has an asterisk.
func (r Contexts) Simple(t *Text) {
	if len(r.List) == 0 {
		return
	}
	table := TableData{Header: []string{"  name", "endpoints", "user", "protected"}}
	for _, c := range r.List {
		mark := "  "
		if c.Current {
			mark = "* "
		}
		table.Rows = append(table.Rows, []string{mark + c.Name, c.Endpoints, cell([]byte(c.User)), yesNo(c.Protected)})
	}
	t.FoldColumns(table)
}

// Table implements Result.
func (r Contexts) Table() TableData {
	t := TableData{Header: []string{"name", "current", "protected", "endpoints", "user"}}
	for _, c := range r.List {
		t.Rows = append(t.Rows, []string{c.Name, yesNo(c.Current), yesNo(c.Protected), c.Endpoints, cell([]byte(c.User))})
	}
	return t
}

// Document implements Result.
func (r Contexts) Document() Object { return Object{{"contexts", r.Items()}} }

// Items implements Lister.
func (r Contexts) Items() []Object {
	items := make([]Object, 0, len(r.List))
	for _, c := range r.List {
		items = append(items, c.document())
	}
	return items
}

// ContextOption is an option of a context, or of the command line in it.
type ContextOption struct {
	Name, Value string
	From        string // where the value comes from
}

// ContextShown is the result of "context show".
type ContextShown struct {
	Name      string // empty for no context
	Protected bool
	Options   []ContextOption
}

// Simple implements Result.
func (r ContextShown) Simple(t *Text) {
	name := r.Name
	if name == "" {
		name = "none"
	}
	if r.Protected {
		name += " (protected)"
	}
	t.Linef("context: %s", name)
	t.FoldColumns(r.Table())
}

// Table implements Result.
func (r ContextShown) Table() TableData {
	t := TableData{Header: []string{"option", "value", "from"}}
	for _, o := range r.Options {
		t.Rows = append(t.Rows, []string{o.Name, cell([]byte(o.Value)), o.From})
	}
	return t
}

// Document implements Result.
func (r ContextShown) Document() Object {
	options := make([]Object, 0, len(r.Options))
	for _, o := range r.Options {
		options = append(options, Object{{"option", o.Name}, {"setting", o.Value}, {"from", o.From}})
	}
	return Object{{"context", r.Name}, {"protected", r.Protected}, {"options", options}}
}

// ContextChanged is the result of a command that changes the contexts.
type ContextChanged struct {
	Change string   // added, deleted, used or renamed
	Names  []string // of the contexts; that of a renamed one and its new name
	User   string   // that was added to the context, or empty
}

// Simple implements Result.
func (r ContextChanged) Simple(t *Text) {
	switch {
	case r.User != "":
		t.Linef("User %s added to context %s", r.User, r.Names[0])
	case r.Change == "renamed":
		t.Linef("Context %s renamed to %s", r.Names[0], r.Names[1])
	case len(r.Names) == 0:
		t.Linef("No context is current")
	case r.Change == "used":
		t.Linef("Context %s is current", r.Names[0])
	default:
		for _, name := range r.Names {
			t.Linef("Context %s %s", name, r.Change)
		}
	}
}

// Table implements Result.
func (r ContextChanged) Table() TableData {
	return oneRow("change", r.Change, "contexts", strings.Join(r.Names, ","), "user", cell([]byte(r.User)))
}

// Document implements Result.
func (r ContextChanged) Document() Object {
	o := Object{{"change", r.Change}, {"contexts", r.Names}}
	if r.User != "" {
		o = append(o, Object{{"user", r.User}}...)
	}
	return o
}
