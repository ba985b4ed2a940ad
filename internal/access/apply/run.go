package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/retry"
)

// run holds the state of one call of Run.
type run struct {
	api      clientv3.Auth
	bound    reader.Bound
	task     Task
	progress func(done, total int)

	// While steps are running, mu guards all fields below. At other times only one
	// goroutine uses them.
	mu          sync.Mutex
	report      Report
	passwordSet map[string]bool
	added       map[string]bool

	// The outcome of the changes since the revision base was read.
	base    uint64
	made    uint64
	unknown []plan.Step
}

func newRun(api clientv3.Auth, bound reader.Bound, task Task, progress func(done, total int)) *run {
	if progress == nil {
		progress = func(int, int) {}
	}
	return &run{
		api: api, bound: bound, task: task, progress: progress,
		report:      Report{Revision: task.Snapshot.Revision},
		passwordSet: map[string]bool{}, added: map[string]bool{},
		base: task.Snapshot.Revision,
	}
}

// done completes the report and returns it.
func (r *run) done() Report {
	r.report.Unconfirmed = r.unknown
	r.report.Added = slices.Sorted(maps.Keys(r.added))
	return r.report
}

// compare reads all users and roles. It returns errOutdated if a plan that is made
// now would differ.
func (r *run) compare(ctx context.Context) error {
	snapshot, err := r.read(ctx)
	if err != nil {
		return err
	}
	now, err := iostreams.Await(ctx, func() (*plan.Plan, error) { return plan.New(snapshot.State, r.task.Policy, r.task.Options) })
	if err != nil {
		return err
	}
	if fmt.Sprintf("%q", now.Differences) != fmt.Sprintf("%q", r.task.Plan.Differences) {
		return errOutdated
	}
	return nil
}

// settle counts the changes that the snapshot confirms, and makes its revision the
// new base. It returns an error if the changes of this run do not explain the
// revision.
func (r *run) settle(s reader.Snapshot) error {
	if s.Revision > 0 && r.base > 0 {
		if err := r.explains(s.Revision); err != nil {
			return err
		}
		r.report.Changes += int(s.Revision - r.base - r.made) // the doubtful ones that were made
	}
	r.report.Revision = s.Revision
	r.base, r.made, r.unknown = s.Revision, 0, nil
	return nil
}

// interval is the minimum time between two checks of the auth revision within a
// stage.
const interval = 500 * time.Millisecond

// execute runs the stages of p, one after another. It checks the auth revision at the
// start of each stage, and periodically within it.
func (r *run) execute(ctx context.Context, p *plan.Plan) error {
	total := 0
	for _, stage := range p.Stages {
		total += len(stage)
	}
	done := 0
	for _, stage := range p.Stages {
		err := r.stage(ctx, stage, func() {
			done++
			r.progress(done, total)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// stage runs the steps of a stage, concurrently as far as their needs allow, and calls
// stepDone after each success. After an error, or if ctx is cancelled, it starts no
// further step. It returns after all running steps have ended.
func (r *run) stage(ctx context.Context, stage plan.Stage, stepDone func()) error {
	made := make([]chan struct{}, len(stage)) // by step: closed after its success
	for i := range made {
		made[i] = make(chan struct{})
	}
	for next := 0; next < len(stage); {
		// The revision is conclusive only while no change is running.
		if err := r.checkRevision(ctx); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		checked := time.Now()
		var failure error
		group, going := crash.NewGroup(ctx, Parallel)
		for ; next < len(stage) && going.Err() == nil && time.Since(checked) < interval; next++ {
			step := next
			group.Start(func() error {
				for _, need := range stage[step].Needs { // earlier steps, so they are started
					select {
					case <-made[need]:
					case <-going.Done():
					}
				}
				if going.Err() != nil {
					return context.Cause(going)
				}
				err := r.step(ctx, stage[step])
				r.mu.Lock()
				defer r.mu.Unlock()
				switch {
				case err == nil:
					close(made[step])
					stepDone()
				case failure == nil || outcomeUnknown(failure):
					failure = err
				}
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return cmp.Or(failure, err)
		}
	}
	return nil
}

// look returns an error if the changes so far cannot have led to the current auth
// revision. No change may be running.
func (r *run) checkRevision(ctx context.Context) error {
	if r.base == 0 {
		return nil
	}
	ctx, cancel := r.bound(ctx)
	defer cancel()
	response, err := r.api.AuthStatus(ctx)
	if err != nil {
		return nil // if the problem persists, the next step reports it
	}
	return r.explains(response.AuthRevision)
}

// explains returns an error if the changes since the revision base do not explain
// revision.
func (r *run) explains(revision uint64) error {
	expected := r.base + r.made
	if revision < expected || revision > expected+uint64(len(r.unknown)) {
		return &InterferenceError{Revision: revision, Expected: expected}
	}
	return nil
}

// step runs one step. It retries a step that the server refuses only for a short
// time.
func (r *run) step(ctx context.Context, step plan.Step) error {
	policy := retry.Policy{
		Backoff: retry.Backoff{Min: 5 * time.Millisecond, Max: 100 * time.Millisecond},
		Again:   isTemporary,
		For:     refusals,
	}
	_, err := retry.Do(ctx, policy, func(ctx context.Context) (struct{}, error) {
		err := r.request(ctx, step)
		r.end(step, err)
		if err != nil {
			err = &StepError{Step: step, Err: err}
		}
		return struct{}{}, err
	})
	return err
}

// end records the outcome of a step.
func (r *run) end(step plan.Step, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil:
		r.made++
		r.report.Changes++
		if step.Verb == plan.SetPassword {
			r.passwordSet[step.User] = true
		}
	case outcomeUnknown(err):
		r.unknown = append(r.unknown, step)
	default:
		return
	}
	if step.Verb == plan.AddUser {
		r.added[step.User] = true
	}
}

// request sends the step. It waits for the response even if ctx is cancelled, so that
// the report includes the outcome.
func (r *run) request(ctx context.Context, step plan.Step) error {
	ctx, cancel := r.bound(context.WithoutCancel(ctx))
	defer cancel()
	var err error
	switch step.Verb {
	case plan.AddRole:
		_, err = r.api.RoleAdd(ctx, step.Role)
	case plan.DeleteRole:
		_, err = r.api.RoleDelete(ctx, step.Role)
	case plan.GrantKeys:
		p := step.Permission
		_, err = r.api.RoleGrantPermission(ctx, step.Role, string(p.Range.Key), string(p.Range.End), reader.PermissionType(p.Access))
	case plan.RevokeKeys:
		_, err = r.api.RoleRevokePermission(ctx, step.Role, string(step.Permission.Range.Key), string(step.Permission.Range.End))
	case plan.AddUser:
		_, err = r.api.UserAddWithOptions(ctx, step.User, r.task.Passwords[step.User], &clientv3.UserAddOptions{NoPassword: step.NoPassword})
	case plan.DeleteUser:
		_, err = r.api.UserDelete(ctx, step.User)
	case plan.SetPassword:
		_, err = r.api.UserChangePassword(ctx, step.User, r.task.Passwords[step.User])
	case plan.GrantRole:
		_, err = r.api.UserGrantRole(ctx, step.User, step.Role)
	case plan.RevokeRole:
		_, err = r.api.UserRevokeRole(ctx, step.User, step.Role)
	}
	return err
}

// outcomeUnknown reports whether the server may have made the change despite err.
func outcomeUnknown(err error) bool {
	_, interfered := errors.AsType[*InterferenceError](err)
	return !interfered && retry.OutcomeUnknown(err)
}

// isTemporary reports whether the server will probably accept the request soon.
func isTemporary(err error) bool {
	return retry.Is(err, retry.Denied|retry.StaleToken|retry.Overloaded)
}

// read reads all users and roles. It retries while the cluster temporarily does not
// respond.
func (r *run) read(ctx context.Context) (reader.Snapshot, error) {
	began := time.Now()
	policy := retry.Policy{
		Backoff: retry.Backoff{Min: 100 * time.Millisecond},
		Again: func(err error) bool {
			since := time.Since(began)
			return outcomeUnknown(err) && since < patience || isTemporary(err) && since < refusals
		},
	}
	return retry.Do(ctx, policy, func(ctx context.Context) (reader.Snapshot, error) { return reader.Read(ctx, r.api, r.bound) })
}
