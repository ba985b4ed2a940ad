// Package eventcommand runs a command for each event of a watch. Its environment has the
// event.
package eventcommand

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/internal/supervise"
)

const (
	ownVariables = "ECTL_WATCH_"
	base64Suffix = "_BASE64"
)

// Command is a command that runs for each event.
type Command struct {
	Args           []string
	Environ        []string // without the variables of the event
	Stdout, Stderr io.Writer
	Warn           func(string)
}

// Run runs the command for one event. If ctx ends, it returns the cause.
func (c *Command) Run(ctx context.Context, revision int64, event *clientv3.Event) error {
	err := c.runWithFittingEnvironment(ctx, revision, event)
	if err == nil || ctx.Err() == nil {
		return err
	}
	return context.Cause(ctx)
}

// runWithFittingEnvironment runs the command. The system limits the size of an
// environment, and on Linux also of a variable, to 128 KiB. If the variables of the event
// do not fit, the command gets the value on standard input, and lacks the longest ones.
func (c *Command) runWithFittingEnvironment(ctx context.Context, revision int64, event *clientv3.Event) error {
	inherited, own := eventEnviron(c.Environ, revision, event)
	var lacks []string
	for {
		cmd := exec.Command(c.Args[0], c.Args[1:]...) //nolint:noctx // supervise ends it, and the processes that it started, with ctx
		cmd.Env = slices.Concat(inherited, own)
		cmd.Stdout, cmd.Stderr = c.Stdout, c.Stderr
		if len(lacks) > 0 {
			cmd.Env = append(cmd.Env, stdinVariable+"=value")
			cmd.Stdin = bytes.NewReader(event.Kv.GetValue())
		}
		err := supervise.Run(ctx, cmd)
		if errors.Is(err, syscall.E2BIG) && len(own) > 0 {
			longest := 0
			for i, variable := range own {
				if len(variable) > len(own[longest]) {
					longest = i
				}
			}
			name, _, _ := strings.Cut(own[longest], "=")
			lacks = append(lacks, name)
			own = slices.Delete(own, longest, longest+1)
			continue
		}
		if len(lacks) > 0 {
			c.Warn(fmt.Sprintf("the value of %s (%s) is too large for the environment of the command: it is on standard input, and the command lacks %s",
				access.DescribeKey(abridged(event.Kv.GetKey())), quantity.Of(len(event.Kv.GetValue()), "byte"), strings.Join(lacks, ", ")))
		}
		if err != nil {
			return fmt.Errorf("command %q error (%w)", c.Args, err)
		}
		return nil
	}
}

// stdinVariable tells the command that the value is on standard input.
const stdinVariable = ownVariables + "STDIN"

// abridged returns the beginning of a key that is too long for a message.
func abridged(key []byte) []byte { return key[:min(len(key), maxKeyInMessage)] }

const maxKeyInMessage = 1 << 10

// eventEnviron returns the environment of the command for an event: the inherited
// variables, and those of the event.
func eventEnviron(environ []string, revision int64, event *mvccpb.Event) (inherited, own []string) {
	for _, variable := range environ {
		// A watch inside a watch command must not inherit its variables.
		if !strings.HasPrefix(variable, ownVariables) {
			inherited = append(inherited, variable)
		}
	}
	own = append(own,
		fmt.Sprintf("ETCD_WATCH_REVISION=%d", revision),
		fmt.Sprintf("ETCD_WATCH_EVENT_TYPE=%q", event.GetType()),
		fmt.Sprintf("ETCD_WATCH_KEY=%q", event.GetKv().GetKey()),
		fmt.Sprintf("ETCD_WATCH_VALUE=%q", event.GetKv().GetValue()),
		rawVariable("KEY", event.GetKv().GetKey()),
		rawVariable("VALUE", event.GetKv().GetValue()))
	if prev := event.GetPrevKv(); prev != nil {
		own = append(own, rawVariable("PREV_VALUE", prev.GetValue()))
	}
	return inherited, own
}

// rawVariable returns a variable with the unchanged value. A variable cannot hold a NUL
// byte, so such a value is encoded in base64.
func rawVariable(name string, value []byte) string {
	if bytes.IndexByte(value, 0) >= 0 {
		return ownVariables + name + base64Suffix + "=" + base64.StdEncoding.EncodeToString(value)
	}
	return ownVariables + name + "=" + string(value)
}
