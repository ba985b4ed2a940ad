package script

import (
	"context"
	"io"
	"sync"

	"github.com/ectl-io/ectl/internal/crash"
)

// Runner runs the commands of a script.
type Runner struct {
	Parallel  int  // maximum number of commands at the same time; 0 means 1
	KeepGoing bool // run all commands, also after one has failed
	Out, Err  io.Writer

	// Execute runs the command n, counted from 0. It writes to out and stderr. Of the
	// commands that run at the same time, each has another worker, from 0 to Parallel-1.
	Execute func(ctx context.Context, worker, n int, out, stderr io.Writer) error

	// Done is called after the command n, in the order of the commands, with its error.
	// An error of Done ends the script.
	Done func(n int, err error) error
}

// Run runs count commands. They start in their order, and their outputs appear in their
// order. After the first failure no further command starts, unless KeepGoing is set; the
// commands that are already running end, and Done is called for them, too. Run returns the
// first error of Done, or the cause of ctx if ctx ends before the last command has
// started.
func (r *Runner) Run(ctx context.Context, count int) error {
	if r.Parallel <= 1 {
		return r.inTurn(ctx, count)
	}
	return r.together(ctx, count)
}

// inTurn runs one command after the other.
func (r *Runner) inTurn(ctx context.Context, count int) error {
	for n := range count {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		err := r.Execute(ctx, 0, n, r.Out, r.Err)
		if failed := r.Done(n, err); failed != nil {
			return failed
		}
		if err != nil && !r.KeepGoing {
			return nil
		}
	}
	return nil
}

// together runs up to r.Parallel commands at the same time.
func (r *Runner) together(ctx context.Context, count int) error {
	turns := newTurns()
	workers := make(chan int, r.Parallel)
	for worker := range r.Parallel {
		workers <- worker
	}
	var mu sync.Mutex // of stop and failed
	var stop bool
	var failed error
	group, _ := crash.NewGroup(context.WithoutCancel(ctx), r.Parallel)
	for n := range count {
		worker := <-workers
		mu.Lock()
		stopped := stop || ctx.Err() != nil
		mu.Unlock()
		if stopped {
			break
		}
		group.Start(func() error {
			output := &held{turns: turns, n: n}
			err := r.Execute(ctx, worker, n, output.stream(r.Out), output.stream(r.Err))
			mu.Lock()
			stop = stop || err != nil && !r.KeepGoing
			mu.Unlock()
			written := output.finish()
			mu.Lock()
			defer mu.Unlock()
			defer turns.end()
			workers <- worker
			if err == nil {
				err = written
			}
			if done := r.Done(n, err); failed == nil && done != nil {
				failed, stop = done, true
			}
			return nil
		})
	}
	_ = group.Wait()
	if failed == nil && ctx.Err() != nil {
		failed = context.Cause(ctx)
	}
	return failed
}
