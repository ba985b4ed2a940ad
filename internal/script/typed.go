package script

import (
	"bytes"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// ParseTyped returns the commands of a text that was typed in a shell. In contrast to
// Parse, a command may end with a pipe or a redirection, see Line.Tail. If lookup is nil,
// $NAME and ${NAME} stand for themselves.
func ParseTyped(text string, lookup Lookup) ([]Line, error) {
	if strings.IndexByte(text, 0) >= 0 {
		return nil, &Error{1, "a command is text: this line has a NUL byte"}
	}
	return (&parser{text: []byte(text), lookup: lookup, typed: true}).parse()
}

// IsIncomplete reports whether a typed text continues on the next line: a quote or a
// here-document is open, or a backslash is at the end.
func IsIncomplete(text string) bool {
	if endsWithBackslash(text) {
		return true
	}
	_, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(text+"\n"), "")
	return syntax.IsIncomplete(err)
}

// endsWithBackslash reports whether the last character of a text is a backslash that is
// not escaped and not part of a comment. A parser drops such a backslash.
func endsWithBackslash(text string) bool {
	if (len(text)-len(strings.TrimRight(text, `\`)))%2 == 0 {
		return false
	}
	return (&parser{text: []byte(text)}).checkComments() == nil
}

// tail separates a statement from the part that the system's shell executes.
func (p *parser) tail(stmt *syntax.Stmt) (*syntax.Stmt, string, error) {
	first := stmt
	for {
		pipe, ok := first.Cmd.(*syntax.BinaryCmd)
		if !ok || pipe.Op != syntax.Pipe {
			break
		}
		first = pipe.X
	}
	if first.Cmd == nil {
		return first, "", nil
	}
	start, end := int(first.Cmd.End().Offset()), min(int(stmt.End().Offset()), len(p.text))
	document := false
	for _, redirection := range first.Redirs {
		switch {
		case p.isTail(redirection) && int(redirection.Pos().Offset()) < start:
			return first, "", &Error{int(redirection.Pos().Line()), "a redirection stands at the end of a command"}
		case redirection.Hdoc != nil:
			document = true
		}
	}
	text := string(bytes.TrimSpace(p.text[start:max(start, end)]))
	switch {
	case document && first != stmt:
		return first, "", &Error{int(stmt.Pos().Line()), "a here-document has no pipe"}
	case document, !strings.HasPrefix(text, "|") && !strings.HasPrefix(text, ">"):
		return first, "", nil
	}
	return first, text, nil
}

// isTail reports whether a redirection belongs to Line.Tail.
func (p *parser) isTail(r *syntax.Redirect) bool {
	return p.typed && r.N == nil && r.Hdoc == nil && (r.Op == syntax.RdrOut || r.Op == syntax.AppOut || r.Op == syntax.RdrClob)
}
