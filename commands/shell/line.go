package shell

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/script"
)

// Kind is the meaning of a word in a command line.
type Kind int

// The kinds.
const (
	Argument Kind = iota
	Command
	Option
	Value   // of an option
	Unknown // no command or option, although one is expected
)

// Description describes a command line that may be incomplete.
type Description struct {
	Command *cobra.Command // as far as the words name one; else a group
	Kinds   []Kind         // of each word
	Partly  bool           // the unknown word is the beginning of a command or option
}

// path returns the words of the command, without the program's name.
func (d Description) path() string {
	_, path, _ := strings.Cut(d.Command.CommandPath(), " ")
	return path
}

// line is a text that is being typed.
type line struct {
	spans []script.Span
	words []string
	tail  bool // its end is no part of the command
	typed bool // the last word is not finished
}

// newLine returns the words of a text. The name of the program, with which a text may begin
// that is copied, is none of them.
func newLine(text string) line {
	var l line
	l.spans, l.tail = script.Spans(text)
	l.typed = len(l.spans) > 0 && l.spans[len(l.spans)-1].End == len(text)
	if len(l.spans) > 0 && cli.IsProgram(l.spans[0].Text) && (len(l.spans) > 1 || !l.typed) {
		l.spans = l.spans[1:]
	}
	for _, span := range l.spans {
		l.words = append(l.words, span.Text)
	}
	return l
}

// The colours of the words of a line.
const (
	colourCommand = "\x1b[1m"    // bold
	colourOption  = "\x1b[36m"   // cyan
	colourUnknown = "\x1b[4;31m" // red, underlined
	colourQuoted  = "\x1b[33m"   // yellow
	colourEnd     = "\x1b[0m"
)

// highlight returns a text with colours.
func (s *shell) highlight(text string) string {
	if isOwn(text) || strings.TrimSpace(text) == "" {
		return text
	}
	l := newLine(text)
	if len(l.words) == 0 {
		return text
	}
	described := s.describe(l.words)
	var shown strings.Builder
	at := 0
	for i, span := range l.spans {
		raw := text[span.Start:span.End]
		colour := ""
		switch kind := described.Kinds[i]; {
		case kind == Command, i == 0 && isExit(span.Text):
			colour = colourCommand
		case kind == Option:
			colour = colourOption
		case kind == Unknown && described.Partly && l.typed && i == len(l.spans)-1:
		case kind == Unknown:
			colour = colourUnknown
		case strings.ContainsAny(raw, `'"`):
			colour = colourQuoted
		}
		shown.WriteString(text[at:span.Start])
		if colour != "" {
			raw = colour + raw + colourEnd
		}
		shown.WriteString(raw)
		at = span.End
	}
	return shown.String() + text[at:]
}

func isExit(word string) bool { return word == "exit" || word == "quit" }

// hint returns the usage of the command that is being typed.
func (s *shell) hint(text string) string {
	if isOwn(text) {
		return ownHint(text)
	}
	l := newLine(text)
	if l.tail || len(l.words) == 0 {
		return ""
	}
	cmd := s.describe(l.words).Command
	switch {
	case !cmd.HasParent():
		return ""
	case cmd.HasSubCommands():
		var names []string
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				names = append(names, sub.Name())
			}
		}
		return cmd.Name() + ": " + strings.Join(names, ", ")
	}
	_, usage, _ := strings.Cut(cmd.UseLine(), " ")
	return usage + " - " + cmd.Short
}
