package mirror

import (
	"context"
	"errors"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/quantity"
)

// agree asks whether keys of the destination may be deleted, where there are
// some and --yes does not say so.
func (m *mirror) agree(ctx context.Context) error {
	if !m.opts.Prune || m.opts.Yes {
		return nil
	}
	of := func(client *etcd.Client, prefix string) (int64, error) {
		timed, cancel := m.f.Timeout(ctx)
		defer cancel()
		from, end := rangeOf(prefix)
		response, err := client.Get(timed, from, clientv3.WithRange(end), clientv3.WithCountOnly())
		if err != nil {
			return 0, client.Explain(ctx, err)
		}
		return response.Count, nil
	}
	there, err := of(m.dest, m.rename.to)
	if err != nil || there == 0 {
		return err
	}
	here, err := of(m.source, m.rename.from)
	if err != nil {
		return err
	}
	m.f.Say(fmt.Sprintf("The destination has %s %s, the source %d %s.", quantity.Of(there, "key"), below(m.rename.to), here, below(m.rename.from)))
	agreed, err := m.f.Prompter.Confirm(ctx, "Delete there what the source does not have?")
	if err == nil && !agreed {
		return errors.New("not confirmed; nothing was changed")
	}
	return err
}

// below is the place of the keys with a prefix.
func below(prefix string) string {
	if prefix == "" {
		return "in all"
	}
	return fmt.Sprintf("that start with %q", prefix)
}

// prune adds to what is sent that keys are deleted: those that the destination
// has before name, or with nil all that are left.
func (b *base) prune(name []byte) error {
	if b.listing == nil {
		return nil
	}
	for {
		key, err := b.listing.before(name)
		if err != nil {
			b.fail(err) // it is the destination's, and has its reason
			return err
		}
		if key == nil {
			return nil
		}
		if err := b.add(change{key: key, deleted: true}); err != nil {
			return err
		}
	}
}

// pruneRest deletes what stands behind the last key of the source. A source
// without any key is more likely a mistake than what is wanted.
func (b *base) pruneRest() error {
	if b.listing == nil {
		return nil
	}
	if b.reached() == "" {
		if key, err := b.listing.peek(); err == nil && key != nil {
			err = fmt.Errorf("the source has no keys %s, and --prune would delete all those that the destination has %s: is it the right source? del --prefix deletes them there if that is wanted",
				below(b.rename.from), below(b.rename.to))
			b.fail(err)
			return err
		}
	}
	return b.prune(nil)
}
