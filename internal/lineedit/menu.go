package lineedit

import (
	"fmt"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"github.com/ectl-io/ectl/internal/visible"
)

// maxRows is the maximum number of rows of a menu.
const maxRows = 10

// menu is an open menu of completions.
type menu struct {
	Completions
	before, after string // the text around the word
	text          string // with the selected candidate
	selected      int    // -1: none
}

// awaited is a text whose completions are not there yet.
type awaited struct {
	text   string
	cursor int
}

// isMenuOpen reports whether a menu is open. A change of the text closes it.
func (r *readlineEditor) isMenuOpen() bool {
	if text, _ := r.text(); r.menu != nil && r.menu.text != text {
		r.menu = nil
	}
	return r.menu != nil
}

// complete completes the word before the cursor, or selects the next candidate.
func (r *readlineEditor) complete() {
	switch {
	case r.search != nil:
		if found, ok := r.search.chosen(); ok {
			r.setText(found, len(found))
		}
		r.search = nil
	case r.isMenuOpen():
		r.choose(1)
	case !r.prompt.Bare && r.editor.config.Complete != nil:
		r.open(r.text())
	}
}

// completeBackward selects the previous candidate.
func (r *readlineEditor) completeBackward() {
	if r.isMenuOpen() {
		r.choose(-1)
		return
	}
	r.complete()
}

// completeAwaited completes the word if the text has not changed since Tab.
func (r *readlineEditor) completeAwaited() {
	text, cursor := r.text()
	if r.awaited.text != text || r.awaited.cursor != cursor {
		r.awaited = nil
		return
	}
	r.open(text, cursor)
}

// open inserts what all completions have in common, and opens a menu if there are several.
func (r *readlineEditor) open(text string, cursor int) {
	found := r.editor.config.Complete(text, cursor)
	r.awaited, r.message = nil, ""
	if found.Pending {
		r.awaited = &awaited{text, cursor}
		r.say("looking it up ...")
		return
	}
	before, after := text[:cursor-len(found.Word)], text[cursor:]
	switch len(found.Candidates) {
	case 0:
		r.say("no completion")
	case 1:
		word := found.Candidates[0].Text
		if !found.Candidates[0].Open && !strings.HasPrefix(after, " ") {
			word += " "
		}
		r.setText(before+word+after, len(before+word))
	default:
		common := commonPrefix(found.Candidates)
		if len(common) < len(found.Word) {
			common = found.Word
		}
		r.setText(before+common+after, len(before+common))
		r.menu = &menu{Completions: found, before: before, after: after, text: before + common + after, selected: -1}
	}
}

// choose selects another candidate of the open menu.
func (r *readlineEditor) choose(step int) {
	count := len(r.menu.Candidates)
	if r.menu.selected < 0 && step < 0 {
		r.menu.selected = 0
	}
	r.menu.selected = (r.menu.selected + step + count) % count
	word := r.menu.Candidates[r.menu.selected].Text
	r.menu.text = r.menu.before + word + r.menu.after
	r.setText(r.menu.text, len(r.menu.before+word))
}

func commonPrefix(candidates []Candidate) string {
	common := candidates[0].Text
	for _, c := range candidates[1:] {
		for !strings.HasPrefix(c.Text, common) {
			_, size := lastRune(common)
			common = common[:len(common)-size]
		}
	}
	return common
}

// draw returns the menu as text of at most rows lines.
func (m *menu) draw(rows, width int) string {
	column := 0
	for _, c := range m.Candidates {
		column = max(column, displaywidth.String(c.Display))
	}
	column = min(column, width/2)
	return drawRows(len(m.Candidates), m.selected, rows, width, func(i int) string {
		c := m.Candidates[i]
		name := cut(c.Display, column)
		if c.Description == "" {
			return name
		}
		return name + strings.Repeat(" ", column-displaywidth.String(name)) + "  " + c.Description
	})
}

// drawRows draws some of count rows around the selected one.
func drawRows(count, selected, rows, width int, row func(int) string) string {
	first := 0
	if count > rows {
		rows-- // for the number of the others
		first = min(max(0, selected-rows/2), count-rows)
	}
	var drawn []string
	for i := first; i < min(count, first+rows); i++ {
		text := cut("  "+row(i), width-1)
		if i == selected {
			text = "\x1b[7m" + text + "\x1b[0m"
		}
		drawn = append(drawn, text)
	}
	if more := count - len(drawn); more > 0 {
		drawn = append(drawn, dim(fmt.Sprintf("  %d of %d", len(drawn), count)))
	}
	return strings.Join(drawn, "\n")
}

// cut returns text as one visible line that is at most width columns wide.
func cut(text string, width int) string {
	return displaywidth.TruncateString(visible.Line(text), max(width, 1), "…")
}

func dim(text string) string {
	if text == "" {
		return ""
	}
	return "\x1b[2m" + text + "\x1b[0m"
}
