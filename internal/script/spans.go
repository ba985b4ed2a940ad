package script

import (
	"bytes"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Span is a word of a text that is being typed.
type Span struct {
	Start, End int    // in the text, in bytes
	Text       string // without quotes
}

// Spans returns the words of the last command in a text that may be incomplete. A quote at
// its end may be open. tail reports that the text ends in a pipe or a redirection, so its
// end is no part of the command.
func Spans(text string) (spans []Span, tail bool) {
	for _, end := range []string{"", "'", `"`, "x"} { // what may be missing
		p := &parser{text: []byte(text + end), typed: true}
		file, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(bytes.NewReader(p.text), "")
		if err != nil || len(file.Stmts) == 0 {
			continue
		}
		return p.spans(file.Stmts[len(file.Stmts)-1], len(text))
	}
	return roughSpans(text)
}

func (p *parser) spans(stmt *syntax.Stmt, end int) (spans []Span, tail bool) {
	first := stmt
	for {
		pipe, ok := first.Cmd.(*syntax.BinaryCmd)
		if !ok {
			break
		}
		first, tail = pipe.X, true
	}
	for _, redirection := range first.Redirs {
		tail = tail || redirection.Hdoc == nil
	}
	call, ok := first.Cmd.(*syntax.CallExpr)
	if !ok {
		return nil, tail
	}
	for _, word := range call.Args {
		start, stop := int(word.Pos().Offset()), min(int(word.End().Offset()), end)
		if start >= end { // what was missing
			break
		}
		text, err := p.word(word.Parts, false)
		if err != nil {
			text = string(p.text[start:stop])
		}
		spans = append(spans, Span{start, stop, text})
	}
	return spans, tail
}

// roughSpans returns the words of a text that no shell could parse.
func roughSpans(text string) (spans []Span, tail bool) {
	if at := strings.IndexAny(text, "|>"); at >= 0 {
		text, tail = text[:at], true
	}
	for start := 0; start < len(text); {
		if text[start] == ' ' {
			start++
			continue
		}
		end := start + strings.IndexByte(text[start:]+" ", ' ')
		spans = append(spans, Span{start, end, text[start:end]})
		start = end
	}
	return spans, tail
}
