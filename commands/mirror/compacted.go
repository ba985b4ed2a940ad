package mirror

import (
	"context"
	"fmt"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// compacted is the error of a copy whose revision is gone.
func (m *mirror) compacted(ctx context.Context, revision int64) error {
	return m.compactedAt(revision, m.oldest(ctx))
}

// compactedAt says both revisions, where the oldest is known, and what to do.
func (m *mirror) compactedAt(revision, oldest int64) error {
	text := fmt.Sprintf("the mirror was to go on at revision %d", revision)
	if oldest > 0 {
		text += fmt.Sprintf(", and %d is the oldest that has not been compacted", oldest)
	}
	text += "; copy everything anew"
	if m.opts.Checkpoint != "" {
		text += ", without the file " + m.opts.Checkpoint
	}
	text += ", and first delete at the destination what may have been deleted at the source meanwhile"
	return fmt.Errorf("%w: %s", rpctypes.ErrCompacted, text)
}

// oldest returns the source's oldest revision that can be read, 0 where it does
// not say: the answer to a watch of what is gone has it.
func (m *mirror) oldest(ctx context.Context) int64 {
	ctx, cancel := context.WithTimeout(ctx, m.f.Connection.CommandTimeout)
	defer cancel()
	from, _ := rangeOf(m.rename.from)
	for response := range m.source.Watch(ctx, from, clientv3.WithRev(1)) {
		if response.Canceled {
			return response.CompactRevision
		}
	}
	return 0
}
