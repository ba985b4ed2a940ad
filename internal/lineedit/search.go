package lineedit

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// search is a search in the history for lines that contain the text.
type search struct {
	query    string
	found    []string // newest first, each once
	drawn    bool
	selected int
}

// searchHistory starts a search, or goes to an older line that was found.
func (r *readlineEditor) searchHistory() {
	switch {
	case r.prompt.Bare || r.editor.config.History == nil:
	case r.search == nil:
		r.closeMenus()
		r.search = &search{}
	default:
		r.searchStep(1)
	}
}

// searchStep selects another line that was found.
func (r *readlineEditor) searchStep(step int) {
	r.search.selected = max(0, min(r.search.selected+step, len(r.search.found)-1))
}

// chosen returns the selected line.
func (s *search) chosen() (line string, ok bool) {
	if s.selected >= len(s.found) {
		return "", false
	}
	return s.found[s.selected], true
}

// draw searches again if the text has changed, and returns the lines that were found.
func (s *search) draw(text string, history []string, rows, width int) string {
	if !s.drawn || s.query != text {
		s.query, s.found, s.selected, s.drawn = text, matches(text, history), 0, true
	}
	title := dim("history with this text (Enter runs, Tab edits, Ctrl-R goes on):")
	if len(s.found) == 0 {
		title = dim("no line of the history has this text")
	}
	title = strings.ReplaceAll(title, "\n", " ")
	if len(s.found) == 0 {
		return title
	}
	return title + "\n" + drawRows(len(s.found), s.selected, rows, width, func(i int) string { return s.found[i] })
}

// matches returns the lines that contain the text, newest first, each once. Lower case in
// the text matches upper case, too.
func matches(text string, history []string) []string {
	exact := strings.ToLower(text) != text
	seen := map[string]bool{}
	var found []string
	for _, line := range slices.Backward(history) {
		compared := line
		if !exact {
			compared = strings.ToLower(line)
		}
		if !seen[line] && strings.Contains(compared, text) {
			seen[line] = true
			found = append(found, line)
		}
	}
	return found
}

// lastRune returns the last character of a text and its size in bytes.
func lastRune(text string) (char rune, size int) {
	char, size = utf8.DecodeLastRuneInString(text)
	return char, max(size, 1)
}
