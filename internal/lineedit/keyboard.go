package lineedit

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync"
	"time"
)

// keyboard reads the keys of a terminal. It keeps those that were read ahead, for the
// next line or for a command that reads standard input.
type keyboard struct {
	terminal *os.File

	mu    sync.Mutex
	ahead []byte
}

// pollPause is the longest time for which a read does not notice that it is cancelled.
const pollPause = 50 * time.Millisecond

// reader returns a reader of the keys. Each read ends with a line at the latest. When ctx
// ends, a read ends, too, and takes no key from a later one.
func (k *keyboard) reader(ctx context.Context) io.Reader { return &keyReader{k, ctx} }

type keyReader struct {
	*keyboard
	ctx context.Context //nolint:containedctx // io.Reader takes none
}

// Read implements io.Reader.
func (r *keyReader) Read(p []byte) (int, error) {
	for {
		if r.ctx.Err() != nil {
			return 0, context.Cause(r.ctx)
		}
		if n := r.take(p); n > 0 {
			return n, nil
		}
		if !r.isReady(pollPause) {
			continue
		}
		if r.ctx.Err() != nil {
			return 0, context.Cause(r.ctx)
		}
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
}

// take moves keys that were read ahead to p, up to the end of a line.
func (k *keyboard) take(p []byte) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := len(k.ahead)
	if at := bytes.IndexByte(k.ahead, '\n'); at >= 0 {
		n = at + 1
	}
	n = copy(p, k.ahead[:n])
	k.ahead = k.ahead[n:]
	return n
}

// fill reads keys of the terminal.
func (k *keyboard) fill() error {
	block := make([]byte, 4<<10)
	n, err := k.terminal.Read(block)
	if n > 0 {
		k.unread(block[:n], false)
		return nil
	}
	if err == nil {
		err = io.EOF
	}
	return err
}

// takeInterrupt reports whether Ctrl-C is among the keys that were typed already, although
// it has sent no signal: the terminal was in raw mode. It drops the keys up to it.
func (k *keyboard) takeInterrupt() bool {
	for k.isReady(0) {
		if k.fill() != nil {
			break
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	at := bytes.LastIndexByte(k.ahead, ctrlC)
	if at >= 0 {
		k.ahead = k.ahead[at+1:]
	}
	return at >= 0
}

// ctrlC is the key Ctrl-C.
const ctrlC = 3

// unread adds keys to those that were read ahead, in front of them or behind them. The
// key Enter becomes a line ending.
func (k *keyboard) unread(keys []byte, front bool) {
	keys = bytes.ReplaceAll(keys, []byte("\r"), []byte("\n"))
	k.mu.Lock()
	defer k.mu.Unlock()
	if front {
		k.ahead = append(keys, k.ahead...)
		return
	}
	k.ahead = append(k.ahead, keys...)
}

// burst is the number of keys without a pause that a program types, not a person. Then
// the next key is awaited for burstPause.
const (
	burst      = 8
	burstPause = 5 * time.Millisecond
)

// typedAhead returns the keys that are there already, up to the end of a line. complete
// reports that they are a whole line of text. Otherwise they end before a key that only
// an editor understands, or no more keys are there. The terminal must be in raw mode.
func (k *keyboard) typedAhead() (keys []byte, complete bool) {
	for {
		var key [1]byte
		if k.take(key[:]) == 0 {
			wait := time.Duration(0)
			if len(keys) >= burst {
				wait = burstPause
			}
			// One key at a time: the next line is none of this line's concern.
			if !k.isReady(wait) {
				return keys, false
			}
			if n, err := k.terminal.Read(key[:]); n == 0 || err != nil {
				return keys, false
			}
		}
		switch c := key[0]; {
		case c == '\r' || c == '\n':
			return keys, true
		case c < ' ' || c == 0x7f:
			k.unread(key[:], true)
			return keys, false
		default:
			keys = append(keys, c)
		}
	}
}
