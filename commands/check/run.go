package check

import (
	"context"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/internal/workload"
)

// check is one run of a check, with its workload and its output.
type check struct {
	workload.Workload
	f      *cli.Factory
	opts   *options
	dialer *etcd.Dialer
}

// begin connects the clients of a check, and refuses a prefix with keys. The returned
// check must be closed.
func begin(ctx context.Context, f *cli.Factory, opts *options, clients int, w workload.Workload) (*check, error) {
	dialer, err := f.Dialer(ctx)
	if err != nil {
		return nil, err
	}
	w.Prefix, w.Timeout = opts.Prefix, f.Connection.CommandTimeout
	c := &check{Workload: w, f: f, opts: opts, dialer: dialer}
	if err := c.Dial(ctx, dialer, clients); err != nil {
		return nil, err
	}
	has, err := c.HasKeys(ctx)
	if err == nil && has {
		err = opts.notEmpty(f)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// cleanup deletes the written keys, even after an interrupt, and returns the revision of
// the deletion.
func (c *check) cleanup(ctx context.Context, written *workload.Measured) (revision int64, err error) {
	if revision, err = c.Clean(ctx); err != nil {
		c.f.Warn(fmt.Sprintf("up to %s of the check may be left below %q: delete them%s",
			quantity.Of(written.Attempts(), "key"), c.opts.Prefix, c.opts.deletion(c.f)))
		return 0, err
	}
	c.f.Connection.Changes.Became("the keys of the check were deleted")
	return revision, nil
}

// stepTimeout is the timeout of each step after the writes, as in etcdctl.
const stepTimeout = 30 * time.Second

// afterwards compacts and defragments, if requested.
func (c *check) afterwards(ctx context.Context, revision int64) error {
	if c.opts.Compact {
		if err := c.step(ctx, "Compact", fmt.Sprintf(" with revision %d", revision), func(ctx context.Context) error {
			_, err := c.First().Compact(ctx, revision, clientv3.WithCompactPhysical())
			return err
		}); err != nil {
			return err
		}
	}
	if !c.opts.Defrag {
		return nil
	}
	for _, endpoint := range c.dialer.Endpoints {
		if err := c.step(ctx, "Defragment", fmt.Sprintf(" %q", endpoint), func(ctx context.Context) error {
			_, err := c.First().Defragment(ctx, endpoint)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// step runs one step and reports its start and its end. The report is the verb with its
// ending, then the object. The object may be any text, for example an endpoint.
func (c *check) step(ctx context.Context, verb, object string, do func(context.Context) error) error {
	if err := c.notice(verb + "ing" + object); err != nil {
		return err
	}
	timed, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	if err := do(timed); err != nil {
		return c.First().Explain(ctx, err)
	}
	return c.notice(verb + "ed" + object)
}

// notice writes a line that etcdctl writes, in the formats that etcdctl has.
func (c *check) notice(line string) error {
	printer := c.f.Printer()
	if !printer.Format().IsEtcdctls() {
		return nil
	}
	return printer.Notice(line)
}
