package completions

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/etcd"
)

const (
	delimiter = "/"
	// maxKeys is more candidates than anybody reads.
	maxKeys = 200
)

// Keys completes keys level by level at the delimiter: each request skips over
// the subtree that the last one found.
func Keys(ctx context.Context, c *etcd.Client, _ []string, toComplete string) (Candidates, error) {
	var found Candidates
	end := string(access.PrefixEnd([]byte(toComplete)))
	from := toComplete
	if from == "" {
		from = access.OpenEnd
	}
	for len(found.Words) < maxKeys {
		response, err := c.Get(ctx, from, clientv3.WithRange(end), clientv3.WithLimit(1), clientv3.WithKeysOnly(), clientv3.WithSerializable())
		if err != nil {
			return found, partly(found, err)
		}
		if len(response.Kvs) == 0 {
			break
		}
		key := string(response.Kvs[0].GetKey())
		word, subtree := level(key, toComplete)
		if typeable(word) {
			found.Words = append(found.Words, word)
		}
		from = key + "\x00"
		if subtree {
			found.Open = true
			if from = string(access.PrefixEnd([]byte(word))); from == access.OpenEnd {
				break
			}
		}
		if !response.More && !subtree || end != access.OpenEnd && from >= end {
			break
		}
	}
	return found, nil
}

// level cuts key behind the first delimiter after prefix. subtree says that
// there was one.
func level(key, prefix string) (word string, subtree bool) {
	rest := key[len(prefix):]
	if at := strings.Index(rest, delimiter); at >= 0 {
		return key[:len(prefix)+at+len(delimiter)], true
	}
	return key, false
}

// partly forgives an error, such as the deadline, when there are candidates.
func partly(found Candidates, err error) error {
	if len(found.Words) > 0 {
		return nil
	}
	return err
}

// typeable says whether a word can be typed in a shell and shown in one line:
// scripts take a tab as the start of a description and a newline as the end.
func typeable(word string) bool {
	return word != "" && utf8.ValidString(word) && !strings.ContainsFunc(word, unicode.IsControl)
}
