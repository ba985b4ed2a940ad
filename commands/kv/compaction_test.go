package kv

import (
	"strings"
	"testing"

	"github.com/ectl-io/ectl/commands/clitest"
	"github.com/ectl-io/ectl/internal/exit"
)

func TestCompactionTakesARevisionOrHowManyToKeep(t *testing.T) {
	for line, want := range map[string]compactionOptions{
		"5":                   {Revision: 5},
		"+5 --physical":       {Revision: 5, Physical: true},
		"-- -5":               {Revision: -5},
		"--keep 7":            {Keep: 7},
		"--keep=1 --physical": {Keep: 1, Physical: true},
	} {
		t.Run(line, func(t *testing.T) {
			run, got := clitest.New(""), compactionOptions{}
			command := NewCompactionCmd(clitest.Completed(run, &got))
			if err := run.Execute(t.Context(), command, strings.Fields(line)...); err != nil {
				t.Errorf("compaction %s: %v", line, err)
			} else if got != want {
				t.Errorf("compaction %s is asked for %+v, want %+v", line, got, want)
			}
		})
	}
}

func TestCompactionRefusesWhatItCannotMean(t *testing.T) {
	for line, want := range map[string]exit.Code{
		"":           exit.BadArgs,
		"1 2":        exit.BadArgs,
		"--keep 0":   exit.BadArgs,
		"--keep -3":  exit.BadArgs,
		"--keep 3 4": exit.BadArgs,
		"x":          exit.Error,
	} {
		t.Run(line, func(t *testing.T) {
			run := clitest.New("")
			err := run.Execute(t.Context(), NewCompactionCmd(run.Factory), strings.Fields(line)...)
			if got := exit.CodeOf(err); got != want {
				t.Errorf("compaction %s ends with status %d (%v), want %d", line, got, err, want)
			}
		})
	}
}
