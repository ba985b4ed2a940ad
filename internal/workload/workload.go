// Package workload writes many keys from many clients at once, to measure a cluster.
package workload

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/retry"
)

// Workload writes random keys under a prefix.
type Workload struct {
	Clients []*etcd.Client // each sends one request at a time
	Prefix  string
	KeySize int // of the key after the prefix, in bytes

	ValueSize int           // in bytes
	Timeout   time.Duration // of one request
}

// loginsAtOnce limits concurrent logins of the clients, because the server computes a
// hash of the password for each.
const loginsAtOnce = 16

// Dial sets w.Clients. It connects the given number of clients to the endpoints of
// dialer. If one fails, it closes all of them and returns the error. Close closes the
// clients.
func (w *Workload) Dial(ctx context.Context, dialer *etcd.Dialer, clients int) error {
	w.Clients = make([]*etcd.Client, clients)
	dialing, first := crash.NewGroup(ctx, loginsAtOnce)
	for i := range w.Clients {
		dialing.Start(func() (err error) {
			if first.Err() != nil {
				return context.Cause(first)
			}
			// The client is used after this function returns, so it must not end with
			// the context.
			w.Clients[i], err = dialer.Dial(context.WithoutCancel(ctx), dialer.Endpoints)
			return err
		})
	}
	err := dialing.Wait()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		w.Close()
	}
	return err
}

// Close closes the clients.
func (w *Workload) Close() {
	for _, client := range w.Clients {
		if client != nil {
			_ = client.Close()
		}
	}
}

// First returns the client that sends all requests except the writes.
func (w *Workload) First() *etcd.Client { return w.Clients[0] }

// HasKeys reports whether there are keys with the prefix.
func (w *Workload) HasKeys(ctx context.Context) (bool, error) {
	timed, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	response, err := w.First().Get(timed, w.Prefix, clientv3.WithPrefix(), clientv3.WithLimit(1), clientv3.WithKeysOnly())
	switch {
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	case err != nil:
		return false, w.First().Explain(ctx, err)
	}
	return len(response.Kvs) > 0, nil
}

// Measured holds the results of the writes.
type Measured struct {
	Latencies []time.Duration // of successful writes
	Errors    map[string]int  // number of occurrences, by text
	Total     time.Duration   // from the first write to the last

	// Stopped is the error that ended the writes early. It is nil after an interrupt.
	Stopped error
}

// Attempts returns the number of writes that may have been made.
func (m *Measured) Attempts() int {
	attempts := len(m.Latencies)
	for _, n := range m.Errors {
		attempts += n
	}
	return attempts
}

// Turns returns a channel that receives a value for each write that is due. It is closed
// after the last one, or when ctx ends.
type Turns func(ctx context.Context) <-chan struct{}

// Write writes one key for each turn, and calls done after each. If ctx ends, the
// requests in flight have w.Timeout to finish. Two failures end the writes early, because
// further writes would fail too: a response that cannot be used, and a cluster that does
// not respond.
func (w *Workload) Write(ctx context.Context, turns Turns, done func()) Measured {
	results := make([]Measured, len(w.Clients))
	requests, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	taking, endTurns := context.WithCancel(ctx)
	defer endTurns()
	due := turns(taking)
	var answers atomic.Int64
	value := strings.Repeat("\x00", w.ValueSize)
	start := time.Now()
	writing, _ := crash.NewGroup(requests, len(w.Clients))
	for i, client := range w.Clients {
		writing.Start(func() error {
			r := &results[i]
			r.Errors = map[string]int{}
			for range due {
				if ctx.Err() != nil || requests.Err() != nil {
					return nil //nolint:nilerr // an interrupted check tells what it has measured
				}
				began := time.Now()
				_, err := client.Put(requests, w.key(), value)
				if err != nil {
					if requests.Err() != nil {
						err = context.DeadlineExceeded
					}
					r.Errors[err.Error()]++
					if retry.Answered(err) {
						stop(err)
					}
				} else {
					r.Latencies = append(r.Latencies, time.Since(began))
				}
				if !retry.IsTransient(err) && requests.Err() == nil {
					answers.Add(1)
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
	w.await(ctx, finished, answers.Load, stop)
	all := Measured{Errors: map[string]int{}, Total: time.Since(start)}
	if cause := context.Cause(requests); !errors.Is(cause, errInterrupted) {
		all.Stopped = cause
	}
	for _, r := range results {
		all.Latencies = append(all.Latencies, r.Latencies...)
		for text, n := range r.Errors {
			all.Errors[text] += n
		}
	}
	return all
}

// errInterrupted is the cause of requests that were cancelled after an interrupt.
var errInterrupted = errors.New("interrupted")

// await returns when finished is closed. If ctx ends first, it cancels the requests
// w.Timeout later. It also stops them if the cluster does not respond: no request was
// answered for w.Timeout, and a read is not answered either. On a slow disk, only the
// writes take long.
func (w *Workload) await(ctx context.Context, finished <-chan struct{}, answers func() int64, stop func(error)) {
	before := answers()
	for {
		select {
		case <-finished:
			return
		case <-ctx.Done():
			defer time.AfterFunc(w.Timeout, crash.Guarded(func() { stop(errInterrupted) })).Stop()
			<-finished
			return
		case <-time.After(w.Timeout):
		}
		now := answers()
		if now == before {
			if err := w.answers(ctx); err != nil && ctx.Err() == nil {
				stop(err)
			}
		}
		before = now
	}
}

// key returns a random key. Two equal keys are very unlikely.
func (w *Workload) key() string {
	key := make([]byte, w.KeySize)
	binary.PutVarint(key, rand.Int64()) //nolint:gosec // keys must differ, but may be predictable
	return w.Prefix + string(key)
}

// Time limits of the clean-up.
const (
	deleteTimeout  = 30 * time.Second // of one attempt, as in etcdctl
	cleanupTimeout = 5 * time.Minute  // of all attempts to delete the keys
	cleanupPause   = time.Second
)

// Clean deletes the keys, even after an interrupt, and returns the revision of the
// deletion. It retries if the deletion takes longer than the server's own timeout.
func (w *Workload) Clean(ctx context.Context) (revision int64, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	return retry.Do(ctx, retry.Policy{Backoff: retry.Backoff{Min: cleanupPause}, Again: retry.IsTransient},
		func(ctx context.Context) (int64, error) {
			// A deletion of many keys takes long. A read shows sooner that no member
			// answers.
			if err := w.answers(ctx); err != nil {
				return 0, err
			}
			return w.deleteKeys(ctx)
		})
}

func (w *Workload) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	_, err := w.First().Get(ctx, w.Prefix, clientv3.WithKeysOnly())
	return err
}

func (w *Workload) deleteKeys(ctx context.Context) (revision int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, deleteTimeout)
	defer cancel()
	response, err := w.First().Delete(ctx, w.Prefix, clientv3.WithPrefix())
	if err != nil {
		return 0, err
	}
	return response.Header.GetRevision(), nil
}
