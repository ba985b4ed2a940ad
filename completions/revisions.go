package completions

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/etcd"
)

// Revisions completes the current revision. If a key is given, it also completes the
// revisions at which the key was created and changed last.
func Revisions(ctx context.Context, c *etcd.Client, r Request) (Candidates, error) {
	var found Candidates
	add := func(revision int64, description string) {
		word := strconv.FormatInt(revision, 10)
		known := slices.ContainsFunc(found.Words, func(candidate cobra.Completion) bool { return strings.HasPrefix(candidate, word+"\t") })
		if strings.HasPrefix(word, r.Word) && !known {
			found.Words = append(found.Words, described(word, description))
		}
	}
	if len(r.Args) > 0 {
		response, err := c.Get(ctx, r.Args[0], clientv3.WithKeysOnly())
		if err == nil && len(response.Kvs) > 0 {
			kv := response.Kvs[0]
			if kv.GetVersion() > 1 {
				add(kv.GetModRevision(), fmt.Sprintf("last change of %s, version %d", r.Args[0], kv.GetVersion()))
			}
			add(kv.GetCreateRevision(), "creation of "+r.Args[0])
		}
	}
	response, err := c.Txn(ctx).Commit() // needs no permission on keys
	if err != nil {
		return Candidates{}, err
	}
	add(response.Header.GetRevision(), "current revision")
	return found, nil
}

// CurrentRevision completes the current revision.
func CurrentRevision(ctx context.Context, c *etcd.Client, r Request) (Candidates, error) {
	r.Args = nil
	return Revisions(ctx, c, r)
}

// DowngradeTargets completes the only version to which the cluster can be downgraded: the
// minor version before that of the server.
func DowngradeTargets(ctx context.Context, c *etcd.Client, r Request) (Candidates, error) {
	response, err := c.Status(ctx, c.Endpoints()[0])
	if err != nil {
		return Candidates{}, err
	}
	parts := strings.Split(response.Version, ".")
	if len(parts) < 2 {
		return Candidates{}, nil
	}
	minor, err := strconv.Atoi(parts[1])
	if err != nil || minor < 1 {
		return Candidates{}, nil //nolint:nilerr // the server has a version of another form
	}
	target := fmt.Sprintf("%s.%d", parts[0], minor-1)
	if !startsWith(target, r.Word) {
		return Candidates{}, nil
	}
	return Candidates{Words: []cobra.Completion{described(target, "the server runs "+response.Version)}}, nil
}
