// Package script parses the lines of a script: one command of ectl a line, in the words
// of a POSIX shell.
//
// Quotes, backslashes, comments and here-documents have the meaning that they have in a
// shell. A backslash at the end of a line, or an open quote, continues the command on the
// next line. ${NAME} and $NAME stand for a variable; its value is never split into words.
// Everything else that a shell would do is refused: patterns and tildes are literal, but
// a pipe, a redirection, a second command on a line or a command substitution is an
// error. Quotes make these characters literal.
package script

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/ectl-io/ectl/internal/limited"
)

// Line is one command of a script.
type Line struct {
	Number int      // of its first line in the script, from 1
	Words  []string // at least one

	// Input is the content of the here-document of the command, or nil.
	Input []byte

	// Tail is what the system's shell does with the output: a pipe or a redirection, such
	// as "| less" or ">> file". Only ParseTyped accepts it.
	Tail string
}

// Lookup returns the value of the variable name, and whether it is set.
type Lookup func(name string) (value string, ok bool)

// Error reports an invalid line of a script.
type Error struct {
	Line   int // from 1
	Reason string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// Parse returns the commands of a script. It looks up all variables with lookup. The
// error joins an *Error for each invalid line. Lines after one that is not closed, for
// example by a quote, are not read.
func Parse(text []byte, lookup Lookup) ([]Line, error) {
	text = bytes.TrimPrefix(text, []byte(limited.ByteOrderMark))
	if at := bytes.IndexByte(text, 0); at >= 0 {
		return nil, &Error{1 + bytes.Count(text[:at], []byte("\n")), "a script is text: this line has a NUL byte"}
	}
	return (&parser{text: text, lookup: lookup}).parse()
}

// parse returns the commands of the text.
func (p *parser) parse() ([]Line, error) {
	var lines []Line
	var failed []error
	last := 0
	for stmt, err := range syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).StmtsSeq(bytes.NewReader(p.text)) {
		if err != nil {
			return nil, errors.Join(append(failed, syntaxError(err))...)
		}
		line, err := p.line(stmt)
		if err == nil && line.Number == last {
			err = &Error{line.Number, "two commands on one line: write each on a line of its own, or quote the semicolon"}
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		last = line.Number
		lines = append(lines, line)
	}
	if err := p.checkComments(); err != nil {
		failed = append(failed, err)
	}
	if len(failed) > 0 {
		return nil, errors.Join(failed...)
	}
	return lines, nil
}

// checkComments refuses a comment with a backslash at its end. A shell ends the comment
// there, but the parser would continue it, and silently drop the command on the next
// line.
func (p *parser) checkComments() error {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX), syntax.KeepComments(true)).Parse(bytes.NewReader(p.text), "")
	if err != nil {
		return err
	}
	var continued []error
	syntax.Walk(file, func(node syntax.Node) bool {
		if comment, ok := node.(*syntax.Comment); ok {
			line, _, _ := bytes.Cut(p.text[comment.Hash.Offset():], []byte("\n"))
			if bytes.HasSuffix(bytes.TrimSuffix(line, []byte("\r")), []byte(`\`)) {
				continued = append(continued, &Error{int(comment.Hash.Line()), "a comment ends with a backslash: remove the backslash"})
			}
		}
		return true
	})
	return errors.Join(continued...)
}

// syntaxError returns the error of the shell's grammar as an *Error.
func syntaxError(err error) error {
	if e, ok := errors.AsType[syntax.ParseError](err); ok {
		return &Error{int(e.Pos.Line()), e.Text}
	}
	if e, ok := errors.AsType[syntax.LangError](err); ok {
		return &Error{int(e.Pos.Line()), e.Feature + " is not supported: quote it"}
	}
	return err
}

// parser turns the statements of the shell's grammar into lines.
type parser struct {
	text   []byte
	lookup Lookup // nil: a dollar is an ordinary character
	typed  bool   // in a shell, where a command may have a Tail
}

func (p *parser) line(stmt *syntax.Stmt) (Line, error) {
	line := Line{Number: int(stmt.Pos().Line())}
	if p.typed {
		var err error
		if stmt, line.Tail, err = p.tail(stmt); err != nil {
			return line, err
		}
	}
	call, simple := stmt.Cmd.(*syntax.CallExpr)
	switch {
	case stmt.Background:
		return line, &Error{line.Number, "& does not start a command in the background: quote it"}
	case stmt.Negated:
		return line, &Error{line.Number, "! does not negate a command: quote it"}
	case stmt.Cmd == nil:
		return line, &Error{line.Number, "a redirection without a command"}
	case !simple:
		return line, &Error{line.Number, compound(stmt.Cmd)}
	case len(call.Assigns) > 0:
		return line, &Error{line.Number, "a command line cannot set variables: set them in the environment of the program"}
	}
	for _, word := range call.Args {
		text, err := p.word(word.Parts, false)
		if err != nil {
			return line, err
		}
		line.Words = append(line.Words, text)
	}
	for _, redirection := range stmt.Redirs {
		if line.Tail != "" && p.isTail(redirection) {
			continue
		}
		if redirection.Hdoc == nil || redirection.N != nil || line.Input != nil {
			return line, &Error{int(redirection.Pos().Line()), fmt.Sprintf("%s does not redirect: quote it", redirection.Op)}
		}
		input, err := p.document(redirection)
		if err != nil {
			return line, err
		}
		line.Input = input
	}
	return line, nil
}

// compound returns why a statement that is not a simple command is refused.
func compound(cmd syntax.Command) string {
	const advice = "a line is one command: quote characters that have a meaning in a shell"
	switch c := cmd.(type) {
	case *syntax.BinaryCmd:
		return fmt.Sprintf("%s does not connect commands: %s", c.Op, advice)
	case *syntax.Subshell:
		return "( does not begin a subshell: " + advice
	}
	return advice
}

// document returns the content of a here-document. Without quotes in its delimiter,
// variables in it are replaced.
func (p *parser) document(r *syntax.Redirect) ([]byte, error) {
	quoted := slices.ContainsFunc(r.Word.Parts, func(part syntax.WordPart) bool {
		lit, literal := part.(*syntax.Lit)
		return !literal || strings.Contains(lit.Value, `\`)
	})
	if !quoted {
		text, err := p.word(r.Hdoc.Parts, true)
		return []byte(text), err
	}
	text := []byte{}
	for _, part := range r.Hdoc.Parts {
		lit, literal := part.(*syntax.Lit)
		if !literal {
			return nil, p.refuse(part)
		}
		text = append(text, lit.Value...)
	}
	return text, nil
}

// word returns the text of the parts of a word. quoted reports that the parts are in
// double quotes or in a here-document.
func (p *parser) word(parts []syntax.WordPart, quoted bool) (string, error) {
	var text strings.Builder
	for _, part := range parts {
		switch part := part.(type) {
		case *syntax.Lit:
			text.WriteString(unescape(part.Value, quoted))
		case *syntax.SglQuoted:
			if part.Dollar {
				return "", p.refuse(part)
			}
			text.WriteString(part.Value)
		case *syntax.DblQuoted:
			if part.Dollar {
				return "", p.refuse(part)
			}
			inner, err := p.word(part.Parts, true)
			if err != nil {
				return "", err
			}
			text.WriteString(inner)
		case *syntax.ParamExp:
			value, err := p.variable(part)
			if err != nil {
				return "", err
			}
			text.WriteString(value)
		default:
			return "", p.refuse(part)
		}
	}
	return text.String(), nil
}

// unescape removes the backslashes that escape a character. In double quotes a backslash
// escapes only four characters.
func unescape(text string, quoted bool) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) && (!quoted || strings.IndexByte("$`\"\\", text[i+1]) >= 0) {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// variable returns the value of the variable that e names.
func (p *parser) variable(e *syntax.ParamExp) (string, error) {
	source := p.source(e)
	if p.lookup == nil {
		return source, nil
	}
	name := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(source, "$"), "{"), "}")
	if !isName(name) {
		return "", &Error{int(e.Pos().Line()), source + " is not the name of a variable: write ${NAME}, or quote the dollar"}
	}
	value, set := p.lookup(name)
	if !set {
		return "", &Error{int(e.Pos().Line()), fmt.Sprintf("the variable %s is not set: set it, or quote the dollar", name)}
	}
	return value, nil
}

// isName reports whether text is the name of a variable in a shell.
func isName(text string) bool {
	for i, c := range []byte(text) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return text != ""
}

// refuse returns the error for a part of a word that only a shell can expand.
func (p *parser) refuse(part syntax.WordPart) error {
	return &Error{int(part.Pos().Line()), p.source(part) + " is not supported: quote it with single quotes"}
}

// source returns the text of a node.
func (p *parser) source(node syntax.Node) string {
	return string(p.text[min(int(node.Pos().Offset()), len(p.text)):min(int(node.End().Offset()), len(p.text))])
}
