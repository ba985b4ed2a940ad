// Package deletion deletes ranges of keys under conditions that one request of the API
// cannot express.
package deletion

import (
	"context"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// AtMost deletes a range of keys unless it has more than Max keys.
type AtMost struct {
	Key     string
	End     string // empty: only Key
	Max     int64
	Options []clientv3.OpOption // of the deletion
}

// TooManyError reports that the range has more keys than are allowed. No key was deleted.
type TooManyError struct{ Count int64 }

func (e *TooManyError) Error() string { return fmt.Sprintf("nothing was deleted: found %d", e.Count) }

// Delete counts the keys at some revision. A transaction then deletes them if no key of
// the range was created after that revision, so that only counted keys are deleted. If
// the condition fails, it counts again, until ctx ends.
func (d AtMost) Delete(ctx context.Context, kv clientv3.KV) (*clientv3.DeleteResponse, error) {
	var inRange []clientv3.OpOption
	if d.End != "" {
		inRange = append(inRange, clientv3.WithRange(d.End))
	}
	for again := false; ; again = true {
		counted, err := kv.Get(ctx, d.Key, append(inRange, clientv3.WithCountOnly())...)
		if err != nil && again {
			return nil, fmt.Errorf("nothing was deleted because of concurrent writers: %w", err)
		}
		if err != nil {
			return nil, err
		}
		if counted.Count > d.Max {
			return nil, &TooManyError{counted.Count}
		}
		noneNew := clientv3.Compare(clientv3.CreateRevision(d.Key), "<", counted.Header.GetRevision()+1)
		if d.End != "" {
			noneNew = noneNew.WithRange(d.End)
		}
		deleted, err := kv.Txn(ctx).If(noneNew).Then(clientv3.OpDelete(d.Key, append(inRange, d.Options...)...)).Commit()
		if err != nil {
			return nil, err
		}
		if deleted.Succeeded {
			response := deleted.Responses[0].GetResponseDeleteRange()
			response.Header = deleted.Header
			return (*clientv3.DeleteResponse)(response), nil
		}
	}
}
