// Package apply executes plans: it makes the users and roles of a cluster match a
// policy, and verifies the result.
package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/retry"
)

// Parallel is the maximum number of concurrent changes.
const Parallel = 16

const (
	// maxIdle is the maximum number of consecutive rounds without progress. Run
	// then gives up. A round makes no progress if no response arrives, or if the
	// server accepts changes without making them.
	maxIdle = 5

	// rest is half of the pause after the first round without progress. The pause
	// doubles with each further one.
	rest = 25 * time.Millisecond

	// patience is how long reads are retried while the cluster does not respond, for
	// example during an election.
	patience = 30 * time.Second

	// refusals is how long requests are retried that the server refuses for a short
	// time. After a change of a user, etcd 3.5 (seen with 3.5.35) may not know root's
	// roles. This lasts until its backend commits, every 100 ms.
	refusals = 5 * time.Second
)

// Task is a plan to execute, with its inputs.
type Task struct {
	Snapshot reader.Snapshot // the input of the plan
	Plan     *plan.Plan
	Policy   policy.Policy
	Options  plan.Options

	// Passwords contains, by user, the passwords of added users and the new passwords
	// of existing ones.
	Passwords map[string]string
}

// Report describes the changes that were made.
type Report struct {
	Complete bool   // the cluster follows the policy
	Changes  int    // the number of changes that were made
	Revision uint64 // auth revision at the last read; 0 if the server does not return it

	// Unconfirmed lists changes with an unknown outcome: they were sent, no response
	// arrived, and a later read was not possible.
	Unconfirmed []plan.Step

	// Added lists the users that were added, or may have been.
	Added []string
}

// InterferenceError reports that another process changed users or roles at the same
// time.
type InterferenceError struct {
	Revision, Expected uint64 // auth revisions
}

func (e *InterferenceError) Error() string {
	return fmt.Sprintf("another process has changed users or roles: the auth revision is %d, and the changes of this run alone would have made it %d; nothing more was changed: check rbac plan, and apply again", e.Revision, e.Expected)
}

// StepError reports that a step failed.
type StepError struct {
	Step plan.Step
	Err  error
}

// Error returns the server's message, followed by the step.
func (e *StepError) Error() string { return fmt.Sprintf("%v (to %s)", e.Err, e.Step) }

// Unwrap returns the server's error.
func (e *StepError) Unwrap() error { return e.Err }

// errOutdated reports that users or roles have changed since the plan was made. It is
// used for servers that do not return the auth revision.
var errOutdated = errors.New("users or roles have changed since the plan was made; nothing was changed: check rbac plan, and apply again")

// errNotFollowed reports that the server accepts changes without making them.
var errNotFollowed = errors.New("the cluster does not follow the policy, although the server accepted each change: see what is left with rbac plan")

// Run executes the plan of the task, then checks whether the cluster follows the
// policy. If it does not, Run executes what is left. If progress is not nil, Run
// calls it with the number of finished and of all changes. The report describes the
// changes that were made, also with an error.
//
// Run returns an *InterferenceError if the auth revision does not match the changes
// of the task. Servers before 3.5 do not return that revision. With them, Run detects
// changes of other processes only if they affect the changes of the task.
func Run(ctx context.Context, api clientv3.Auth, bound reader.Bound, task Task, progress func(done, total int)) (Report, error) {
	r := newRun(api, bound, task, progress)
	next := task.Plan
	if task.Snapshot.Revision == 0 {
		// Without an auth revision, only a comparison shows that the plan is
		// outdated.
		if err := r.compare(ctx); err != nil {
			return r.done(), err
		}
	}
	for idle := 0; ; {
		left := len(next.Differences)
		err := r.execute(ctx, next)
		if ctx.Err() != nil {
			return r.done(), context.Cause(ctx)
		}
		snapshot, readErr := r.read(ctx)
		if readErr != nil {
			return r.done(), errors.Join(err, readErr)
		}
		if interference := r.settle(snapshot); interference != nil {
			return r.done(), interference
		}
		if err != nil && !outcomeUnknown(err) {
			return r.done(), err
		}
		options := task.Options
		options.NewPasswords = slices.DeleteFunc(slices.Clone(options.NewPasswords), func(user string) bool { return r.passwordSet[user] })
		next, readErr = iostreams.Await(ctx, func() (*plan.Plan, error) { return plan.New(snapshot.State, task.Policy, options) })
		switch {
		case readErr != nil:
			return r.done(), readErr
		case next.IsEmpty():
			r.report.Complete = true
			return r.done(), nil
		case len(next.Differences) < left:
			idle = 0
		default:
			idle++
		}
		if idle == maxIdle {
			if err == nil {
				err = errNotFollowed
			}
			return r.done(), err
		}
		if idle > 0 {
			_ = retry.Wait(ctx, rest<<idle) // the next request reports that ctx is cancelled
		}
	}
}
