package output

// PolicyStarted is the result of "rbac init".
type PolicyStarted struct{ File string }

// Simple implements Result.
func (r PolicyStarted) Simple(t *Text) { t.Linef("Policy written to %s", r.File) }

// Table implements Result.
func (r PolicyStarted) Table() TableData { return oneRow("policy", cell([]byte(r.File))) }

// Document implements Result.
func (r PolicyStarted) Document() Object { return Object{{"policy", Bytes(r.File)}} }
