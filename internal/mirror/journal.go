package mirror

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/exit"
)

// saveEvery is how often the checkpoint is written while the mirror moves on.
const saveEvery = time.Second

// journal knows how far the mirror is and keeps it in the checkpoint, where
// there is one.
type journal struct {
	path      string // empty: no checkpoint
	identity  identity
	continues bool          // an earlier run left a checkpoint
	anchor    func() string // of the fence
	release   func()        // gives the checkpoint up for another process
	prune     bool          // copies are made with --prune

	mu sync.Mutex
	at position

	saving sync.Mutex
	saved  position // as it is in the file
}

// openJournal reads the checkpoint at path, or begins at start where there is
// none, and makes sure that it can be written, and that nobody else does.
func openJournal(path string, of identity, start position) (*journal, error) {
	j := &journal{path: path, identity: of, at: start, prune: start.Prune, release: func() {}}
	if path == "" {
		return j, nil
	}
	release, err := claim(path)
	if err != nil {
		return nil, err
	}
	if err := j.read(); err != nil {
		release()
		return nil, err
	}
	j.release = release
	return j, nil
}

func (j *journal) read() error {
	at, found, err := readCheckpoint(j.path, j.identity)
	if err != nil {
		return err
	}
	if found {
		j.at, j.continues = at, true
	}
	switch {
	case !found, !at.copying(), at.Prune == j.prune:
	case j.prune:
		j.at.Prune = true
	default:
		return exit.BadArgsf("--checkpoint: %s is of a copy in the middle of which a run with --prune has ended: give --prune again, or remove the file to copy everything anew without", j.path)
	}
	if err := (checkpoint{checkpointVersion, j.identity, j.at}).write(j.path); err != nil {
		return exit.With(exit.IO, fmt.Errorf("cannot write the checkpoint: %w", err))
	}
	j.saved = j.at
	return nil
}

func (j *journal) position() position {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.at
}

// copying notes that all keys of the revision base before next are at the
// destination.
func (j *journal) copying(base int64, next string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.at = position{Base: base, Next: text(next), Prune: j.prune}
}

// anew notes that all keys are to be copied again.
func (j *journal) anew() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.at = position{Prune: j.prune}
}

// done notes that everything up to revision is at the destination.
func (j *journal) done(revision int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if revision > j.at.Revision {
		j.at = position{Revision: revision}
	}
}

// save writes the checkpoint where it has changed.
func (j *journal) save() error {
	if j.path == "" {
		return nil
	}
	j.saving.Lock()
	defer j.saving.Unlock()
	at := j.position()
	at.Anchor = text(j.anchor())
	if at == j.saved {
		return nil
	}
	if err := (checkpoint{checkpointVersion, j.identity, at}).write(j.path); err != nil {
		return err
	}
	j.saved = at
	return nil
}

// keep writes the checkpoint now and then until ctx ends, and once more then,
// whose error the channel has. A checkpoint that cannot be written, because the
// disk is full say, does not end the mirror: the file is still good, if old, and
// a restart would only do some of the work again.
func (j *journal) keep(ctx context.Context, warn func(string)) <-chan error {
	result := make(chan error, 1)
	crash.Go(func() {
		tick := time.NewTicker(saveEvery)
		defer tick.Stop()
		failing := false
		for {
			select {
			case <-ctx.Done():
				result <- exit.With(exit.IO, j.lastSave())
				return
			case <-tick.C:
			}
			err := j.save()
			switch {
			case err != nil && !failing:
				warn(fmt.Sprintf("the checkpoint stays as it was, the mirror goes on: %v", err))
			case err == nil && failing:
				warn("the checkpoint is written again")
			}
			failing = err != nil
		}
	})
	return result
}

func (j *journal) lastSave() error {
	if err := j.save(); err != nil {
		return fmt.Errorf("cannot write the checkpoint, it stays as it was: %w", err)
	}
	return nil
}
