package mirror

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/exit"
)

// saveEvery is the interval at which a changed position is written to the checkpoint.
const saveEvery = time.Second

// tracker holds the position of the mirror, and writes it to the checkpoint, if there is
// one.
type tracker struct {
	path      string // empty: no checkpoint
	identity  identity
	continues bool          // an earlier run left a checkpoint
	anchor    func() string // of the fence
	release   func()        // unlocks the checkpoint
	prune     bool          // copies are made with --prune

	mu sync.Mutex
	at position

	saving sync.Mutex
	saved  position // the position in the file
}

// openTracker reads the checkpoint at path, or begins at start if there is none. It
// returns an error if the checkpoint cannot be written, or if another process uses it.
func openTracker(path string, of identity, start position) (*tracker, error) {
	t := &tracker{path: path, identity: of, at: start, prune: start.Prune, release: func() {}}
	if path == "" {
		return t, nil
	}
	release, err := lockCheckpoint(path)
	if err != nil {
		return nil, err
	}
	if err := t.read(); err != nil {
		release()
		return nil, err
	}
	t.release = release
	return t, nil
}

func (t *tracker) read() error {
	at, found, err := readCheckpoint(t.path, t.identity)
	if err != nil {
		return err
	}
	if found {
		t.at, t.continues = at, true
	}
	switch {
	case !found, !at.copying(), at.Prune == t.prune:
	case t.prune:
		t.at.Prune = true
	default:
		return exit.BadArgsf("--checkpoint: %s is from a run with --prune that ended during its copy: give --prune again, or remove the file to copy everything again without it", t.path)
	}
	if err := (checkpoint{checkpointVersion, t.identity, t.at}).write(t.path); err != nil {
		return exit.With(exit.IO, fmt.Errorf("cannot write the checkpoint: %w", err))
	}
	t.saved = t.at
	return nil
}

func (t *tracker) position() position {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.at
}

// copying records that all keys before next are at the destination, as of revision base.
func (t *tracker) copying(base int64, next string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.at = position{Base: base, Next: text(next), Prune: t.prune}
}

// restart records that all keys are to be copied again.
func (t *tracker) restart() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.at = position{Prune: t.prune}
}

// done records that everything up to revision is at the destination.
func (t *tracker) done(revision int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if revision > t.at.Revision {
		t.at = position{Revision: revision}
	}
}

// save writes the checkpoint if it has changed.
func (t *tracker) save() error {
	if t.path == "" {
		return nil
	}
	t.saving.Lock()
	defer t.saving.Unlock()
	at := t.position()
	at.Anchor = text(t.anchor())
	if at == t.saved {
		return nil
	}
	if err := (checkpoint{checkpointVersion, t.identity, at}).write(t.path); err != nil {
		return err
	}
	t.saved = at
	return nil
}

// keep writes the checkpoint every second until ctx ends, and then once more. The
// returned channel delivers the error of that last write. An earlier error, for example
// a full disk, is only a warning. The old checkpoint stays valid, and a restart would
// only repeat some of the work.
func (t *tracker) keep(ctx context.Context, warn func(string)) <-chan error {
	result := make(chan error, 1)
	crash.Go(func() {
		tick := time.NewTicker(saveEvery)
		defer tick.Stop()
		failing := false
		for {
			select {
			case <-ctx.Done():
				result <- exit.With(exit.IO, t.lastSave())
				return
			case <-tick.C:
			}
			err := t.save()
			switch {
			case err != nil && !failing:
				warn(fmt.Sprintf("the checkpoint stays as it was, the mirror continues: %v", err))
			case err == nil && failing:
				warn("the checkpoint is written again")
			}
			failing = err != nil
		}
	})
	return result
}

func (t *tracker) lastSave() error {
	if err := t.save(); err != nil {
		return fmt.Errorf("cannot write the checkpoint, it stays as it was: %w", err)
	}
	return nil
}
