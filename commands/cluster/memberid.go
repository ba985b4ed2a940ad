package cluster

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/suggest"
)

// memberArg is a member as an argument names it: by its ID in hexadecimal, or by its
// name. A hexadecimal number is always an ID.
type memberArg struct {
	ID   uint64 // 0 until find, if the argument is a name
	Name string // empty if the argument is an ID

	text string
}

// parse reads the argument.
func (m *memberArg) parse(text string) error {
	m.text = text
	if m.isNumber() {
		id, err := strconv.ParseUint(text, 16, 64)
		if err != nil {
			return exit.BadArgsf("invalid member ID %q: want the hexadecimal ID that \"member list\" prints", text)
		}
		m.ID = id
		return nil
	}
	m.Name = text
	return nil
}

// isNumber reports whether the argument has only hexadecimal digits. It does so if it is
// empty, because no started member has an empty name.
func (m *memberArg) isNumber() bool {
	return strings.Trim(m.text, "0123456789abcdefABCDEF") == ""
}

// find looks the ID of a name up. etcdctl refuses a name without a request, so every
// error has the same status as there.
func (m *memberArg) find(ctx context.Context, f *cli.Factory) error {
	if m.Name == "" {
		return nil
	}
	response, err := cli.Call(ctx, f, listMembers)
	if err == nil {
		m.ID, err = idOf(m.Name, response.Members)
	}
	return exit.Force(exit.BadArgs, err)
}

// listMembers requests the members of the cluster.
func listMembers(ctx context.Context, c *etcd.Client) (*clientv3.MemberListResponse, error) {
	return c.MemberList(ctx)
}

// idOf returns the ID of the only member called name.
func idOf(name string, members []*pb.Member) (uint64, error) {
	var names, ids []string
	var found uint64
	unnamed := false
	for _, member := range members {
		if member.GetName() == "" {
			unnamed = true
			continue
		}
		names = append(names, member.GetName())
		if member.GetName() == name {
			found, ids = member.GetID(), append(ids, fmt.Sprintf("%x", member.GetID()))
		}
	}
	switch len(ids) {
	case 0:
		hint := suggest.Hint(name, names)
		if hint == "" {
			hint = "\"member list\" shows IDs and names"
		}
		if unnamed {
			hint += "; a member that never started has no name yet: give its ID from \"member list\""
		}
		return 0, fmt.Errorf("no member is called %q: %s", name, hint)
	case 1:
		return found, nil
	}
	return 0, fmt.Errorf("%d members are called %q: give one of the IDs %s", len(ids), name, strings.Join(ids, ", "))
}

// explain adds to the error of a request about an unknown ID that a member has this text
// as its name.
func (m *memberArg) explain(ctx context.Context, c *etcd.Client, err error) error {
	if m.Name != "" || !errors.Is(err, rpctypes.ErrMemberNotFound) {
		return err
	}
	response, failed := c.MemberList(ctx)
	if failed != nil {
		return err
	}
	id, failed := idOf(m.text, response.Members)
	if failed != nil {
		return err
	}
	return diagnose.WithReason(err, fmt.Sprintf("%s is a hexadecimal number, so it is an ID: the member called %s has the ID %x", m.text, m.text, id))
}

// aboutMember holds the options of a command about one member.
type aboutMember interface {
	cli.Options
	member() *memberArg
}

// member implements aboutMember for options that embed a memberArg.
func (m *memberArg) member() *memberArg { return m }

// runOnMember is cli.RunRequest for a command about one member. run gets the options with
// the member's ID.
func runOnMember[O aboutMember](f *cli.Factory, opts O, run func(context.Context, *cli.Factory, *etcd.Client, O) error) func(*cobra.Command, []string) error {
	return cli.Run(f, opts, func(ctx context.Context, f *cli.Factory, opts O) error {
		if err := opts.member().find(ctx, f); err != nil {
			return err
		}
		client, err := f.Client(ctx)
		if err != nil {
			return err
		}
		ctx, cancel := f.Timeout(ctx)
		defer cancel()
		return opts.member().explain(ctx, client, run(ctx, f, client, opts))
	})
}
