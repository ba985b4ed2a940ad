package output

// DryRun is the result of a command with --dry-run: the requests that it would send.
type DryRun struct {
	Requests []string // what each would do
}

// Simple implements Result.
func (r DryRun) Simple(t *Text) {
	for _, request := range r.Requests {
		t.Linef("%s", request)
	}
}

// Table implements Result.
func (r DryRun) Table() TableData { return nameTable("request", r.Requests) }

// Document implements Result.
func (r DryRun) Document() Object {
	requests := r.Requests
	if requests == nil {
		requests = []string{}
	}
	return Object{{"dry_run", true}, {"requests", requests}, {"changed", false}}
}

// Items implements Lister.
func (r DryRun) Items() []Object { return nameItems("request", r.Requests) }
