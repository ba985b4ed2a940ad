package mirror

import (
	"context"
	"fmt"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// compacted returns the error of a copy at a compacted revision.
func (m *mirror) compacted(ctx context.Context, revision int64) error {
	return m.compactedAt(revision, m.oldest(ctx))
}

// compactedError reports that the source has compacted a revision that the mirror needs.
// Its text names the oldest remaining revision, if it is known, and what to do.
type compactedError struct {
	revision, oldest int64 // oldest is 0 if it is unknown
	prune            bool  // Prune is set: all keys are copied again
}

func (m *mirror) compactedAt(revision, oldest int64) error {
	return &compactedError{revision, oldest, m.Prune}
}

func (e *compactedError) Error() string {
	text := fmt.Sprintf("%v: the mirror was to continue at revision %d", rpctypes.ErrCompacted, e.revision)
	if e.oldest > 0 {
		text += fmt.Sprintf(", and %d is the oldest that has not been compacted", e.oldest)
	}
	if e.prune {
		return text + "; everything is copied again, and keys that the source no longer has are deleted at the destination"
	}
	return text + "; with --prune everything is copied again, and keys that the source no longer has are deleted at the destination"
}

func (e *compactedError) Unwrap() error { return rpctypes.ErrCompacted }

// oldest returns the source's oldest revision that is not compacted, or 0 if the source
// does not report it. A watch that starts at a compacted revision returns it.
func (m *mirror) oldest(ctx context.Context) int64 {
	ctx, cancel := context.WithTimeout(ctx, m.Timeout)
	defer cancel()
	from, _ := rangeOf(m.rename.from)
	for response := range m.Source.Watch(ctx, from, clientv3.WithRev(1)) {
		if response.Canceled {
			return response.CompactRevision
		}
	}
	return 0
}
