package script

import (
	"bytes"
	"io"
	"sync"
)

// turns lets commands that run at the same time write in the order of their lines. The
// command whose turn it is writes directly. The output of the others is held back, up to
// maxHeld each; a command with more output waits for its turn. So the order costs a
// bounded amount of memory.
type turns struct {
	mu   sync.Mutex
	next *sync.Cond // broadcast when the turn changes
	turn int
}

// maxHeld is the maximum size of the held output of one command, in bytes.
const maxHeld = 1 << 20

func newTurns() *turns {
	t := &turns{}
	t.next = sync.NewCond(&t.mu)
	return t
}

// wait returns when it is the turn of the command n.
func (t *turns) wait(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.turn != n {
		t.next.Wait()
	}
}

// end passes the turn from the command n to the next.
func (t *turns) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turn++
	t.next.Broadcast()
}

// held is the output of one command.
type held struct {
	turns *turns
	n     int // of the command

	mu    sync.Mutex
	parts []part
	size  int
}

// part is a write to one of the streams.
type part struct {
	to   io.Writer
	text []byte
}

// stream returns a writer to w that keeps the order of the commands.
func (h *held) stream(w io.Writer) io.Writer { return heldStream{h, w} }

type heldStream struct {
	*held
	to io.Writer
}

// Write implements io.Writer.
func (s heldStream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.now() && s.size+len(p) <= maxHeld {
		s.parts = append(s.parts, part{s.to, bytes.Clone(p)})
		s.size += len(p)
		return len(p), nil
	}
	s.turns.wait(s.n)
	if err := s.flush(); err != nil {
		return 0, err
	}
	return s.to.Write(p)
}

// now reports whether it is the command's turn.
func (h *held) now() bool {
	h.turns.mu.Lock()
	defer h.turns.mu.Unlock()
	return h.turns.turn == h.n
}

// flush writes the held parts. It must be the command's turn.
func (h *held) flush() error {
	parts := h.parts
	h.parts, h.size = nil, 0
	for _, p := range parts {
		if _, err := p.to.Write(p.text); err != nil {
			return err
		}
	}
	return nil
}

// finish waits for the command's turn and writes what is held.
func (h *held) finish() error {
	h.turns.wait(h.n)
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.flush()
}
