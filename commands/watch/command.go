package watch

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os/exec"
	"strings"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/supervise"
)

const (
	ownVariables = "ECTL_WATCH_"
	base64Suffix = "_BASE64"
)

// runCommand runs the command for one event. If the command fails, the program exits
// with status 1.
func (w *watcher) runCommand(ctx context.Context, revision int64, event *clientv3.Event) error {
	cmd := exec.Command(w.Command[0], w.Command[1:]...) //nolint:noctx // supervise ends it, and the processes that it started, with ctx
	cmd.Env = eventEnviron(w.environ, revision, event)
	cmd.Stdout, cmd.Stderr = w.f.Streams.ChildOut(), w.f.Streams.Err
	if err := supervise.Run(ctx, cmd); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("command %q error (%w)", w.Command, err)
	}
	return nil
}

// eventEnviron returns the environment of the command for an event.
func eventEnviron(environ []string, revision int64, event *mvccpb.Event) []string {
	var env []string
	for _, variable := range environ {
		// A watch inside a watch command must not inherit its variables.
		if !strings.HasPrefix(variable, ownVariables) {
			env = append(env, variable)
		}
	}
	env = append(env,
		fmt.Sprintf("ETCD_WATCH_REVISION=%d", revision),
		fmt.Sprintf("ETCD_WATCH_EVENT_TYPE=%q", event.GetType()),
		fmt.Sprintf("ETCD_WATCH_KEY=%q", event.GetKv().GetKey()),
		fmt.Sprintf("ETCD_WATCH_VALUE=%q", event.GetKv().GetValue()),
		rawVariable("KEY", event.GetKv().GetKey()),
		rawVariable("VALUE", event.GetKv().GetValue()))
	if prev := event.GetPrevKv(); prev != nil {
		env = append(env, rawVariable("PREV_VALUE", prev.GetValue()))
	}
	return env
}

// rawVariable returns a variable with the unchanged value. A variable cannot hold a NUL
// byte, so such a value is encoded in base64.
func rawVariable(name string, value []byte) string {
	if bytes.IndexByte(value, 0) >= 0 {
		return ownVariables + name + base64Suffix + "=" + base64.StdEncoding.EncodeToString(value)
	}
	return ownVariables + name + "=" + string(value)
}
