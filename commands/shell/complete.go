package shell

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/lineedit"
	"github.com/ectl-io/ectl/internal/prompt"
	quoting "github.com/ectl-io/ectl/internal/shell"
)

const (
	// completionLives is the time for which completions are used again.
	completionLives = 5 * time.Second
	// completionPatience is the time for which a key waits for completions. A person does
	// not notice it.
	completionPatience = 30 * time.Millisecond
)

// complete returns the completions of a text at the cursor.
func (s *shell) complete(text string, cursor int) lineedit.Completions {
	text = text[:cursor]
	if isOwn(text) && !strings.Contains(text, " ") {
		return completeOwn(text)
	}
	l := newLine(text)
	if l.tail {
		return lineedit.Completions{}
	}
	words, raw := l.words, ""
	if l.typed {
		raw = text[l.spans[len(l.spans)-1].Start:]
	} else {
		words = append(words, "")
	}
	if name, rest, found := strings.Cut(strings.TrimSpace(text), " "); isOwn(text) && found && (name == `\connect` || name == `\set`) {
		words = newOptionWords(rest, words)
	}
	found, ok := s.lookups.Get(s.lookupContext, strings.Join(words, "\x00"), completionPatience)
	if !ok {
		return lineedit.Completions{Word: raw, Pending: true}
	}
	candidates := slices.Clone(found)
	if exit := "exit"; len(words) == 1 && strings.HasPrefix(exit, words[0]) {
		candidates = append(candidates, lineedit.Candidate{Text: exit, Display: exit, Description: "End the shell"})
	}
	return lineedit.Completions{Word: raw, Candidates: candidates}
}

// newOptionWords returns the words of a command of the shell itself that takes global
// options, as those of a command line.
func newOptionWords(rest string, words []string) []string {
	if rest == "" {
		return []string{"--"}
	}
	return words[1:]
}

// find asks the completion of a command line, as the system's shell does.
func (s *shell) find(ctx context.Context, key string) []lineedit.Candidate {
	words := append([]string{cobra.ShellCompRequestCmd}, strings.Split(key, "\x00")...)
	var out bytes.Buffer
	streams := *s.outer.Streams
	streams.In, streams.Out, streams.Err, streams.Terminal, streams.Signals = strings.NewReader(""), &out, io.Discard, nil, nil
	streams.OutIsTerminal, streams.ErrIsTerminal = false, false
	inner := s.base.Inner(cli.Inner{Words: words, Streams: &streams, Prompter: prompt.New(&streams), Connections: s.connections})
	if err := s.outer.Execute(ctx, inner, words); err != nil {
		return nil
	}
	return s.candidates(out.String(), words[len(words)-1])
}

// candidates reads what cobra prints for the shells.
func (s *shell) candidates(printed, word string) []lineedit.Candidate {
	var directive cobra.ShellCompDirective
	var found []lineedit.Candidate
	for printed := range strings.Lines(printed) {
		printed = strings.TrimRight(printed, "\n")
		if number, ok := strings.CutPrefix(printed, ":"); ok {
			if n, err := strconv.Atoi(number); err == nil {
				directive = cobra.ShellCompDirective(n)
				break
			}
		}
		name, description, _ := strings.Cut(printed, "\t")
		quoted, ok := quoted(name)
		if ok && name != "" {
			found = append(found, lineedit.Candidate{Text: quoted, Display: name, Description: description})
		}
	}
	if len(found) == 0 && directive&(cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveError) == 0 {
		return files(word)
	}
	for i := range found {
		found[i].Open = directive&cobra.ShellCompDirectiveNoSpace != 0 || strings.HasSuffix(found[i].Display, "=")
	}
	return found
}

// quoted returns a word as it must be typed.
func quoted(word string) (string, bool) {
	if strings.HasPrefix(word, "-") { // an option
		return word, true
	}
	return quoting.Quote(word)
}

// maxFiles is the maximum number of files that are offered.
const maxFiles = 200

// files completes the name of a file.
func files(word string) []lineedit.Candidate {
	folder, start := filepath.Split(word)
	entries, err := os.ReadDir(filepath.Clean("./" + folder))
	if filepath.IsAbs(folder) {
		entries, err = os.ReadDir(folder)
	}
	if err != nil {
		return nil
	}
	var found []lineedit.Candidate
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasPrefix(name, start) || start == "" && strings.HasPrefix(name, ".") {
			continue
		}
		if entry.IsDir() {
			name += "/"
		}
		if text, ok := quoting.Quote(folder + name); ok && len(found) < maxFiles {
			found = append(found, lineedit.Candidate{Text: text, Display: name, Open: entry.IsDir()})
		}
	}
	return found
}

// completeOwn completes the name of a command of the shell itself.
func completeOwn(text string) lineedit.Completions {
	found := lineedit.Completions{Word: text}
	for _, own := range ownCommands() {
		if strings.HasPrefix(own.name, text) {
			found.Candidates = append(found.Candidates, lineedit.Candidate{Text: own.name, Display: own.name, Description: own.short})
		}
	}
	return found
}
