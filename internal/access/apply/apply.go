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

// Parallel is how many changes are on their way at once.
const Parallel = 16

const (
	// fruitless is how many times in a row as much may be left as before, until
	// it gives up: because no answer comes, or the server does not do as it says.
	fruitless = 5

	// rest is half of the first pause after such a time, which doubles.
	rest = 25 * time.Millisecond

	// patience is how long the cluster may leave questions without an answer,
	// during an election say.
	patience = 30 * time.Second

	// refusals is how long root may be refused. After the change of a user
	// etcd 3.5 (seen with 3.5.35) may not know the roles of root until its
	// backend commits, every 100 ms.
	refusals = 5 * time.Second
)

// Task is what is to be done.
type Task struct {
	Snapshot reader.Snapshot // that the plan was made from
	Plan     *plan.Plan
	Policy   policy.Policy
	Options  plan.Options

	// Passwords are those of the users that are added or get another one.
	Passwords map[string]string
}

// Report is what was done.
type Report struct {
	Complete bool   // the cluster follows the policy
	Changes  int    // that were made
	Revision uint64 // of users and roles after the last look; 0 where the server does not tell

	// Doubtful are changes that may have been made: they were sent, no answer
	// came, and nobody could look.
	Doubtful []plan.Step

	// Added are the users that were added, or may have been.
	Added []string
}

// InterferenceError reports that another process has changed users or roles at the
// same time.
type InterferenceError struct {
	Revision, Expected uint64 // of users and roles
}

func (e *InterferenceError) Error() string {
	return fmt.Sprintf("another process has changed users or roles: the auth revision is %d, and the changes of this run alone would have made it %d; nothing more was changed: check rbac plan, and apply again", e.Revision, e.Expected)
}

// StepError is that a step failed.
type StepError struct {
	Step plan.Step
	Err  error
}

// Error begins with the text of the server.
func (e *StepError) Error() string { return fmt.Sprintf("%v (to %s)", e.Err, e.Step) }

// Unwrap returns the server's error.
func (e *StepError) Unwrap() error { return e.Err }

// errOutdated is that users or roles have changed since the plan was made, on a
// server that does not tell their revision.
var errOutdated = errors.New("users or roles have changed since the plan was made; nothing was changed: check rbac plan, and apply again")

// errStubborn is that a server takes the changes and does not make them.
var errStubborn = errors.New("the cluster does not follow the policy, although the server accepted each change: see what is left with rbac plan")

// Run does the task and looks whether the cluster follows the policy then; if
// it does not, it does what is left. progress, where it is not nil, is told how
// many of how many changes are done. Whatever happens, the report says what was
// done.
//
// Run ends with an *InterferenceError where the revision of users and roles is
// another one than the changes of the task have made it. Servers before 3.5 do
// not tell the revision; there the changes of others are only seen where they
// touch those of the task.
func Run(ctx context.Context, api clientv3.Auth, bound reader.Bound, task Task, progress func(done, total int)) (Report, error) {
	r := newRun(api, bound, task, progress)
	next := task.Plan
	if task.Snapshot.Revision == 0 {
		// Nobody will tell that the plan is out of date.
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
		if err != nil && !isDoubtful(err) {
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
		if idle == fruitless {
			if err == nil {
				err = errStubborn
			}
			return r.done(), err
		}
		if idle > 0 {
			_ = retry.Wait(ctx, rest<<idle) // the next request shows that ctx has ended
		}
	}
}
