package check

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/retry"
	"github.com/ectl-io/ectl/output"
)

// workload writes random keys under a prefix, from many clients at once.
type workload struct {
	f       *cli.Factory
	opts    *options
	dialer  *etcd.Dialer
	clients []*etcd.Client // each sends one request at a time

	keySize, valueSize int // size of the key after the prefix, and of the value, in bytes
}

// loginsAtOnce limits concurrent logins of the clients: for each, the server computes a
// hash of the password.
const loginsAtOnce = 16

// dial connects the clients. The returned workload must be closed.
func dial(ctx context.Context, f *cli.Factory, opts *options, clients int) (*workload, error) {
	dialer, err := f.Dialer(ctx)
	if err != nil {
		return nil, err
	}
	w := &workload{f: f, opts: opts, dialer: dialer, clients: make([]*etcd.Client, clients)}
	dialing, first := crash.NewGroup(ctx, loginsAtOnce)
	for i := range w.clients {
		dialing.Start(func() (err error) {
			if first.Err() != nil {
				return context.Cause(first)
			}
			// The client outlives this function: it must not end with the context.
			w.clients[i], err = dialer.Dial(context.WithoutCancel(ctx), dialer.Endpoints)
			return err
		})
	}
	if err = dialing.Wait(); ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *workload) close() {
	for _, client := range w.clients {
		if client != nil {
			_ = client.Close()
		}
	}
}

// first returns the client for everything but the writes.
func (w *workload) first() *etcd.Client { return w.clients[0] }

// refuseKeys returns an error if the prefix has keys.
func (w *workload) refuseKeys(ctx context.Context) error {
	timed, cancel := w.f.Timeout(ctx)
	defer cancel()
	response, err := w.first().Get(timed, w.opts.Prefix, clientv3.WithPrefix(), clientv3.WithLimit(1), clientv3.WithKeysOnly())
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return w.first().Explain(ctx, err)
	case len(response.Kvs) > 0:
		return w.opts.notEmpty(w.f)
	}
	return nil
}

// measured holds the results of the writes.
type measured struct {
	latencies []time.Duration // of successful writes
	errors    map[string]int  // number of occurrences, by text
	total     time.Duration   // from the first write to the last
}

// write writes a key for each of turns, which it calls done after. Where ctx
// ends it, or turns do, what is under way then has the command's timeout to
// finish.
func (w *workload) write(ctx context.Context, turns <-chan struct{}, done func()) measured {
	results := make([]measured, len(w.clients))
	requests, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	value := strings.Repeat("\x00", w.valueSize)
	start := time.Now()
	writing, _ := crash.NewGroup(requests, len(w.clients))
	for i, client := range w.clients {
		writing.Start(func() error {
			r := &results[i]
			r.errors = map[string]int{}
			for range turns {
				if ctx.Err() != nil {
					return nil //nolint:nilerr // an interrupted check tells what it has measured
				}
				began := time.Now()
				_, err := client.Put(requests, w.key(), value)
				if err != nil {
					if requests.Err() != nil {
						err = context.DeadlineExceeded
					}
					r.errors[err.Error()]++
				} else {
					r.latencies = append(r.latencies, time.Since(began))
				}
				done()
			}
			return nil
		})
	}
	finished := make(chan struct{})
	crash.Go(func() {
		_ = writing.Wait()
		close(finished)
	})
	w.await(ctx, finished, giveUp)
	all := measured{errors: map[string]int{}, total: time.Since(start)}
	for _, r := range results {
		all.latencies = append(all.latencies, r.latencies...)
		for text, n := range r.errors {
			all.errors[text] += n
		}
	}
	return all
}

// await returns when finished is closed. After ctx has ended, the requests are cancelled
// after the command's timeout.
func (w *workload) await(ctx context.Context, finished <-chan struct{}, giveUp func()) {
	select {
	case <-finished:
		return
	case <-ctx.Done():
	}
	defer time.AfterFunc(w.f.Connection.CommandTimeout, crash.Guarded(giveUp)).Stop()
	<-finished
}

// key returns a random key. Two equal keys are very unlikely.
func (w *workload) key() string {
	key := make([]byte, w.keySize)
	binary.PutVarint(key, rand.Int64()) //nolint:gosec // keys must differ, but may be predictable
	return w.opts.Prefix + string(key)
}

// Time limits of the clean-up.
const (
	stepTimeout    = 30 * time.Second // of each step, as in etcdctl
	cleanupTimeout = 5 * time.Minute  // of all attempts to delete the keys
	cleanupPause   = time.Second
)

// cleanup deletes the keys, even after an interrupt, and returns the revision of the
// deletion. It retries if the deletion takes longer than the server's own timeout.
func (w *workload) cleanup(ctx context.Context) (revision int64, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	revision, err = retry.Do(ctx, retry.Policy{Backoff: retry.Backoff{Min: cleanupPause}, Again: retry.IsTransient},
		func(ctx context.Context) (int64, error) {
			// A delete of many keys takes its time. A read finds out sooner that no member
			// answers.
			if err := w.answers(ctx); err != nil {
				return 0, err
			}
			return w.deleteKeys(ctx)
		})
	if err != nil {
		w.f.Warn("keys may be left below the prefix: delete them" + w.opts.deletion(w.f))
		return 0, err
	}
	w.f.Connection.Changes.Became("the keys of the check were deleted")
	return revision, nil
}

func (w *workload) answers(ctx context.Context) error {
	ctx, cancel := w.f.Timeout(ctx)
	defer cancel()
	_, err := w.first().Get(ctx, w.opts.Prefix, clientv3.WithKeysOnly())
	return err
}

func (w *workload) deleteKeys(ctx context.Context) (revision int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	response, err := w.first().Delete(ctx, w.opts.Prefix, clientv3.WithPrefix())
	if err != nil {
		return 0, err
	}
	return response.Header.GetRevision(), nil
}

// afterwards compacts and defragments, if requested.
func (w *workload) afterwards(ctx context.Context, revision int64) error {
	if w.opts.Compact {
		if err := w.step(ctx, "Compact", fmt.Sprintf(" with revision %d", revision), func(ctx context.Context) error {
			_, err := w.first().Compact(ctx, revision, clientv3.WithCompactPhysical())
			return err
		}); err != nil {
			return err
		}
	}
	if !w.opts.Defrag {
		return nil
	}
	for _, endpoint := range w.dialer.Endpoints {
		if err := w.step(ctx, "Defragment", fmt.Sprintf(" %q", endpoint), func(ctx context.Context) error {
			_, err := w.first().Defragment(ctx, endpoint)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// step runs one step and reports its start and end: the verb with its ending, then the
// object. The object may be any text, for example an endpoint.
func (w *workload) step(ctx context.Context, verb, object string, do func(context.Context) error) error {
	if err := w.notice(verb + "ing" + object); err != nil {
		return err
	}
	timed, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	if err := do(timed); err != nil {
		return w.first().Explain(ctx, err)
	}
	return w.notice(verb + "ed" + object)
}

// notice writes a line that etcdctl writes, in the formats that etcdctl has.
func (w *workload) notice(line string) error {
	printer := w.f.Printer()
	if !printer.Format().IsEtcdctls() {
		return nil
	}
	return printer.Notice(line)
}

// failures returns the errors, sorted by text.
func (m measured) failures() []output.Failure {
	return output.SortedFailures(m.errors)
}
