package completions

import (
	"context"
	"errors"
	"strings"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/etcd"
)

const (
	delimiter = "/"
	// maxKeys is the maximum number of candidates.
	maxKeys = 200
)

// Keys completes keys level by level at the delimiter. Users without permission on all
// keys that start with the word get the keys that they may read.
func Keys(ctx context.Context, c *etcd.Client, r Request) (Candidates, error) {
	l := level{kv: c.KV, prefix: r.Word}
	err := l.read(ctx, access.PrefixRange([]byte(r.Word)))
	if errors.Is(err, rpctypes.ErrPermissionDenied) {
		err = l.readPermitted(ctx, c)
	}
	if len(l.found.Words) > 0 {
		return l.found, nil // for example, the deadline has cut off the rest
	}
	return l.found, err
}

// level collects the keys of one level. These are the keys that start with prefix, cut
// off after the next delimiter.
type level struct {
	kv     clientv3.KV
	prefix string
	found  Candidates
	last   string // last word found, even if it is not plain
}

// read collects from r. Each request skips the rest of the previous subtree, so a
// subtree of any size costs one request.
func (l *level) read(ctx context.Context, r access.Range) error {
	start, end := string(r.Key), string(r.End)
	if end == "" {
		end = start + "\x00"
	}
	for (end == access.OpenEnd || start < end) && len(l.found.Words) < maxKeys {
		response, err := l.kv.Get(ctx, start, clientv3.WithRange(end), clientv3.WithLimit(maxKeys+1), clientv3.WithKeysOnly(), clientv3.WithSerializable())
		if err != nil {
			return err
		}
		for _, kv := range response.Kvs {
			if key := string(kv.GetKey()); key >= start {
				if start = l.add(key); start == access.OpenEnd {
					return nil
				}
			}
		}
		if !response.More {
			return nil
		}
	}
	return nil
}

// add adds the word for key. It returns the first key that may have another word, or
// access.OpenEnd if there is none.
func (l *level) add(key string) (next string) {
	word, next := key, key+"\x00"
	at := strings.Index(key[len(l.prefix):], delimiter)
	subtree := at >= 0
	if subtree {
		word = key[:len(l.prefix)+at+len(delimiter)]
		next = string(access.PrefixEnd([]byte(word)))
	}
	if word != l.last && plain(word) && len(l.found.Words) < maxKeys {
		l.found.Words = append(l.found.Words, word)
		l.found.Open = l.found.Open || subtree
	}
	l.last = word
	return next
}

// readPermitted collects from the ranges that the roles of the client's user allow to
// read. A client without a user name, for example with a certificate, finds nothing.
func (l *level) readPermitted(ctx context.Context, c *etcd.Client) error {
	readable, err := reader.Readable(ctx, c)
	if err != nil {
		return err
	}
	for _, r := range readable.Intersection(access.SetOf(access.PrefixRange([]byte(l.prefix)))).Ranges() {
		if err := l.read(ctx, r); err != nil {
			return err
		}
	}
	return nil
}
