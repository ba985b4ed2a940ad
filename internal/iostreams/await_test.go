package iostreams

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestAReadIsAwaitedUntilTheContextEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	if content, err := ReadFile(t.Context(), path); string(content) != "content" || err != nil {
		t.Errorf("the file has %q (%v)", content, err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	waits, let := make(chan struct{}), make(chan struct{})
	defer close(let)
	go func() {
		<-waits
		cancel(ErrInterrupted)
	}()
	value, err := Await(ctx, func() (string, error) {
		close(waits)
		<-let
		return "late", nil
	})
	if value != "" || !errors.Is(err, ErrInterrupted) {
		t.Errorf("the read ends with %q, %v, want %v", value, err, ErrInterrupted)
	}
}
