package diagnose

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/shell"
)

// Request is a request that a client has sent.
type Request struct {
	Method  string                   // as in "/etcdserverpb.KV/Put"
	Message any                      // of the API
	Conn    grpc.ClientConnInterface // that it was sent on
	Sent    time.Time
}

// Remember records a request that failed with err.
func (d *Diagnosis) Remember(r Request, err error) {
	if err == nil {
		return
	}
	message := status.Convert(err).Message()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writes = Writes(r.Method, r.Message)
	// "while waiting for connections" without a reason explains nothing.
	if d.last == "" || strings.Contains(message, "desc = ") || !isBareDeadline(message) {
		d.last = message
	}
	d.rememberRefusal(r, message)
}

// RememberRefusal records a request that was refused with err. Other errors do not count:
// those of streams do not explain the error of a command, and in a dry run nothing was
// changed.
func (d *Diagnosis) RememberRefusal(r Request, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rememberRefusal(r, status.Convert(err).Message())
}

func (d *Diagnosis) rememberRefusal(r Request, message string) {
	if explainedByRequest(message) && !d.explaining {
		d.refused[message] = r
	}
}

// Watching records the last request of a watch. Its refusal comes later, in a message of
// the stream.
func (d *Diagnosis) Watching(r Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watching = r
}

// deniedBefore36 is the refusal of maintenance requests before etcd 3.6.
const deniedBefore36 = "auth: permission denied"

// explainedByRequest reports whether the request explains an error with the message.
func explainedByRequest(message string) bool {
	switch message {
	case rpctypes.ErrPermissionDenied.Error(), deniedBefore36,
		rpctypes.ErrUserNotFound.Error(), rpctypes.ErrRoleNotFound.Error(), rpctypes.ErrRoleNotGranted.Error(),
		rpctypes.ErrInvalidAuthMgmt.Error(), rpctypes.ErrCompacted.Error():
		return true
	}
	return false
}

// refusal returns the last request that failed with one of the messages.
func (d *Diagnosis) refusal(messages ...string) (r Request, found bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, message := range messages {
		if r, found = d.refused[message]; found {
			return r, true
		}
	}
	return Request{}, false
}

// watched returns the last request of a watch.
func (d *Diagnosis) watched() Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.watching
}

// ask sends one more request to explain why r failed. The time for both is the timeout
// of r.
func (d *Diagnosis) ask(ctx context.Context, r Request, send func(context.Context, pb.AuthClient) error) error {
	return d.askWith(ctx, r, func(ctx context.Context) error { return send(ctx, pb.NewAuthClient(r.Conn)) })
}

// askWith is ask for other services.
func (d *Diagnosis) askWith(ctx context.Context, r Request, send func(context.Context) error) error {
	d.mu.Lock()
	timeout := d.config.Timeout
	d.explaining = true
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		d.explaining = false
		d.mu.Unlock()
	}()
	ctx, cancel := context.WithDeadline(ctx, r.Sent.Add(timeout))
	defer cancel()
	return send(ctx)
}

// keyAccesses returns the accesses to keys that a request needs, each once.
func keyAccesses(message any) []access.Permission {
	var all []access.Permission
	need := func(a access.Access, key, end []byte) {
		r := access.Range{Key: key, End: end}
		for i, p := range all {
			if p.Range.Equal(r) {
				all[i].Access |= a
				return
			}
		}
		all = append(all, access.Permission{Access: a, Range: r})
	}
	var add func(message any)
	add = func(message any) {
		switch m := message.(type) {
		case *pb.RangeRequest:
			need(access.Read, m.GetKey(), m.GetRangeEnd())
		case *pb.PutRequest:
			if m.GetPrevKv() {
				need(access.Read, m.GetKey(), nil)
			}
			need(access.Write, m.GetKey(), nil)
		case *pb.DeleteRangeRequest:
			if m.GetPrevKv() {
				need(access.Read, m.GetKey(), m.GetRangeEnd())
			}
			need(access.Write, m.GetKey(), m.GetRangeEnd())
		case *pb.TxnRequest:
			for _, c := range m.GetCompare() {
				need(access.Read, c.GetKey(), c.GetRangeEnd())
			}
			for _, op := range slices.Concat(m.GetSuccess(), m.GetFailure()) {
				add(operation(op))
			}
		case *pb.WatchRequest:
			if c := m.GetCreateRequest(); c != nil {
				need(access.Read, c.GetKey(), c.GetRangeEnd())
			}
		}
	}
	add(message)
	return all
}

// operation returns the request of a part of a transaction.
func operation(op *pb.RequestOp) any {
	switch o := op.GetRequest().(type) {
	case *pb.RequestOp_RequestRange:
		return o.RequestRange
	case *pb.RequestOp_RequestPut:
		return o.RequestPut
	case *pb.RequestOp_RequestDeleteRange:
		return o.RequestDeleteRange
	case *pb.RequestOp_RequestTxn:
		return o.RequestTxn
	}
	return nil
}

// maxShown is how many of the accesses of a transaction an error names.
const maxShown = 3

// describeAccesses returns accesses as a part of a sentence, for example "write /a, read
// prefix /b/".
func describeAccesses(all []access.Permission) string {
	var parts []string
	for i, p := range all {
		if i == maxShown {
			parts = append(parts, fmt.Sprintf("%d more", len(all)-i))
			break
		}
		parts = append(parts, p.Access.String()+" "+brief(strings.TrimPrefix(p.Range.String(), "key ")))
	}
	return strings.Join(parts, ", ")
}

// maxKeyShown is how many bytes of a key an error shows.
const maxKeyShown = 256

// brief cuts long text.
func brief(text string) string {
	if len(text) <= maxKeyShown {
		return text
	}
	return strings.ToValidUTF8(text[:maxKeyShown], "") + "..."
}

// canI returns the command that explains an access. It leaves out arguments that no
// shell can pass, and very long ones.
func canI(p access.Permission) string {
	const command = "rbac can-i"
	words := []string{"rbac", "can-i", p.Access.String()}
	keys := []string{string(p.Range.Key)}
	switch r := p.Range; {
	case r.IsEveryKey():
		words, keys = append(words, "--prefix"), []string{""}
	case r.IsPrefix():
		words = append(words, "--prefix")
	case string(r.End) == access.OpenEnd:
		words = append(words, "--from-key")
	case len(r.End) > 0:
		keys = append(keys, string(r.End))
	}
	if strings.HasPrefix(keys[0], "-") || strings.HasPrefix(keys[len(keys)-1], "-") {
		words = append(words, "--")
	}
	if line, ok := shell.Line(append(words, keys...)...); ok && len(line) <= maxKeyShown {
		return line
	}
	return command
}
