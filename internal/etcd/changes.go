package etcd

import (
	"slices"
	"sync"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/ectl-io/ectl/internal/etcd/diagnose"
)

// Changes counts what the requests of one run have changed, through any of its clients.
// A nil value counts nothing.
type Changes struct {
	mu      sync.Mutex
	made    int
	added   []any // requests, see Added
	outcome string
	check   func() error
}

// Reset starts the count of another run.
func (c *Changes) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made, c.added, c.outcome, c.check = 0, nil, "", nil
}

// BeforePassword makes check run right before each request that sets a password. The
// request is not sent if check fails.
func (c *Changes) BeforePassword(check func() error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.check = check
}

// beforePassword runs the check if the request sets a password.
func (c *Changes) beforePassword(request any) error {
	if _, login := request.(*pb.AuthenticateRequest); c == nil || login || !holdsPassword(request) {
		return nil
	}
	c.mu.Lock()
	check := c.check
	c.mu.Unlock()
	if check == nil {
		return nil
	}
	return check()
}

// Became records what the command has done about its changes, for example that it has
// undone them. outcome is a part of a sentence. Settle adds it to errors.
func (c *Changes) Became(outcome string) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outcome = outcome
}

// Settle adds to err the outcome of the changes that were made, unless err has an
// outcome already. It returns err unchanged if there were no changes.
func (c *Changes) Settle(err error) error {
	if diagnose.HasOutcome(err) || c == nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.made == 0:
		return err
	case c.outcome != "":
		return diagnose.WithOutcome(err, c.outcome)
	case c.made == 1:
		return diagnose.WithOutcome(err, "the change was made")
	}
	return diagnose.WithOutcome(err, "the changes were made")
}

// answered counts a request that succeeded, if it has changed something.
func (c *Changes) answered(method string, request, response any) {
	if c == nil || !changed(method, request, response) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made++
	switch request.(type) {
	case *pb.AuthUserAddRequest, *pb.AuthRoleAddRequest, *pb.AuthUserGrantRoleRequest, *pb.AuthRoleGrantPermissionRequest:
		c.added = append(c.added, request)
	}
}

// Added returns the requests that have added users, roles, memberships and permissions,
// in their order. others is the number of the other changes.
func (c *Changes) Added() (requests []any, others int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.added), c.made - len(c.added)
}

// changed reports whether a request that succeeded has changed something.
func changed(method string, request, response any) bool {
	switch r := response.(type) {
	case *pb.DeleteRangeResponse:
		return r.GetDeleted() > 0
	case *pb.TxnResponse:
		return anyChanged(r.GetResponses())
	}
	return diagnose.Writes(method, request)
}

func anyChanged(responses []*pb.ResponseOp) bool {
	for _, response := range responses {
		switch {
		case response.GetResponsePut() != nil, response.GetResponseDeleteRange().GetDeleted() > 0:
			return true
		case anyChanged(response.GetResponseTxn().GetResponses()):
			return true
		}
	}
	return false
}
