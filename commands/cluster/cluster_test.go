package cluster

import (
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/commands/clitest"
	"github.com/ectl-io/ectl/internal/exit"
)

func TestMemberAddTakesANameAndPeerURLs(t *testing.T) {
	for line, want := range map[string]memberAddOptions{
		"m2 --peer-urls http://a:1":                      {Name: "m2", PeerURLs: "http://a:1"},
		"--peer-urls=http://a:1,http://b:2 m2 --learner": {Name: "m2", PeerURLs: "http://a:1,http://b:2", Learner: true},
		"--peer-urls=x -- -m":                            {Name: "-m", PeerURLs: "x"},
	} {
		t.Run(line, func(t *testing.T) {
			run, got := clitest.New(""), memberAddOptions{}
			if err := run.Execute(t.Context(), newMemberAddCmd(clitest.Completed(run, &got)), strings.Fields(line)...); err != nil {
				t.Errorf("member add %s: %v", line, err)
			} else if got != want {
				t.Errorf("member add %s is asked to do %+v, want %+v", line, got, want)
			}
		})
	}
}

func TestMembersAreGivenByIDOrName(t *testing.T) {
	for text, want := range map[string]memberArg{
		"10": {ID: 16}, "DEADbeef": {ID: 0xdeadbeef}, "ffffffffffffffff": {ID: 1<<64 - 1},
		"0x1": {Name: "0x1"}, "-1": {Name: "-1"}, "node1": {Name: "node1"}, "a b": {Name: "a b"},
	} {
		t.Run(text, func(t *testing.T) {
			var got memberArg
			err := got.parse(text)
			want.text = text
			if got != want || err != nil {
				t.Errorf("the member %s is %+v, %v, want %+v", text, got, err, want)
			}
		})
	}
}

func TestANameIsAcceptedIfOneMemberHasIt(t *testing.T) {
	members := []*pb.Member{{ID: 1, Name: "node1"}, {ID: 2, Name: "node2"}, {ID: 0x1f}, {ID: 4, Name: "twin"}, {ID: 5, Name: "twin"}}
	for name, want := range map[string]struct {
		id  uint64
		err string
	}{
		"node2":   {id: 2},
		"nod1":    {err: `no member is called "nod1": did you mean "node1"?; a member that never started has no name yet: give its ID from "member list"`},
		"unknown": {err: `no member is called "unknown": "member list" shows IDs and names; a member that never started has no name yet: give its ID from "member list"`},
		"twin":    {err: `2 members are called "twin": give one of the IDs 4, 5`},
	} {
		t.Run(name, func(t *testing.T) {
			id, err := idOf(name, members)
			text := ""
			if err != nil {
				text = err.Error()
			}
			if id != want.id || text != want.err {
				t.Errorf("%s is the ID %d, %q, want %d, %q", name, id, text, want.id, want.err)
			}
		})
	}
}

func TestDefragIsAskedToBeCareful(t *testing.T) {
	for line, want := range map[string]defragOptions{
		"":                          {},
		"--cluster --leader-last":   {From: targets{Cluster: true}, LeaderLast: true},
		"--wait":                    {Wait: defaultWait},
		"--wait=10s --min-free 20%": {Wait: 10 * time.Second, MinFree: "20%", minFree: 20},
		"--min-free 12.5":           {MinFree: "12.5", minFree: 12.5},
	} {
		t.Run(line, func(t *testing.T) {
			run, got := clitest.New(""), defragOptions{}
			if err := run.Execute(t.Context(), NewDefragCmd(clitest.Completed(run, &got)), strings.Fields(line)...); err != nil {
				t.Errorf("defrag %s: %v", line, err)
			} else if got != want {
				t.Errorf("defrag %s is asked to do %+v, want %+v", line, got, want)
			}
		})
	}
}

func TestEndpointOptionsStandBeforeAndBehindTheCommand(t *testing.T) {
	for _, line := range []string{"--cluster hashkv --rev 5", "hashkv --rev=5 --cluster", "hashkv ignored --cluster --rev 5"} {
		t.Run(line, func(t *testing.T) {
			run, got := clitest.New(""), endpointHashKVOptions{}
			from := &endpointFlags{}
			parent := NewEndpointCmd(run.Factory)
			parent.ResetCommands()
			parent.ResetFlags()
			from.addFlags(parent.PersistentFlags())
			parent.AddCommand(newEndpointHashKVCmd(clitest.Completed(run, &got), from))
			if err := run.Execute(t.Context(), parent, strings.Fields(line)...); err != nil {
				t.Errorf("endpoint %s: %v", line, err)
			} else if got.Revision != 5 || !got.From.Cluster {
				t.Errorf("endpoint %s is asked for revision %d, cluster %t, want 5 and true", line, got.Revision, got.From.Cluster)
			}
		})
	}
}

func TestWrongCommandLinesAreRefusedBeforeAnythingElse(t *testing.T) {
	for line, want := range map[string]struct {
		code exit.Code
		says string
	}{
		"member add":                                    {exit.BadArgs, "give the name of the new member"},
		"member add m2":                                 {exit.BadArgs, "--peer-urls"},
		"member add m2 HTTP://a:1":                      {exit.BadArgs, "use --peer-urls=HTTP://a:1"},
		"member add m2 m3 --peer-urls x":                {exit.BadArgs, "want one name: got 2"},
		"member update 1":                               {exit.BadArgs, "--peer-urls"},
		"member update --peer-urls x":                   {exit.BadArgs, "the ID or name of a member"},
		"member update 11112222333344445 --peer-urls x": {exit.BadArgs, "invalid member ID"},
		"member remove":                                 {exit.BadArgs, "the ID or name of a member"},
		"member remove 1 2":                             {exit.BadArgs, "the ID or name of a member"},
		"member remove 11112222333344445":               {exit.BadArgs, "invalid member ID"},
		"member promote":                                {exit.BadArgs, "the ID or name of a member"},
		"member list --consistency x":                   {exit.BadFeature, "consistency"},
		"move-leader":                                   {exit.BadArgs, "the ID or name of a member"},
		"move-leader 1 2":                               {exit.BadArgs, "the ID or name of a member"},
		"move-leader 11112222333344445":                 {exit.BadArgs, "invalid member ID"},
		"defrag --min-free x":                           {exit.BadArgs, "--min-free x"},
		"defrag --min-free 101%":                        {exit.BadArgs, "--min-free 101%"},
		"defrag --min-free=-1":                          {exit.BadArgs, "--min-free -1"},
		"defrag --min-free NaN":                         {exit.BadArgs, "--min-free NaN"},
		"defrag --wait=-1s":                             {exit.BadArgs, "--wait -1s"},
		"defrag --wait=soon":                            {exit.Error, "soon"},
		"alarm list x":                                  {exit.BadArgs, "no arguments"},
		"alarm disarm x":                                {exit.BadArgs, "no arguments"},
		"alarm disarm -w xml":                           {exit.BadFeature, "xml"},
		"downgrade validate":                            {exit.BadArgs, "no target version"},
		"downgrade enable 3.6 3.5":                      {exit.BadArgs, "want one target version"},
		"member list -w xml":                            {exit.BadFeature, "xml"},
		"endpoint hashkv --rev x":                       {exit.Error, "rev"},
		"endpoint status --rev 1":                       {exit.Error, "rev"},
		"endpoint health -w xml":                        {exit.BadFeature, "xml"},
		"endpoint health --watch 1ms":                   {exit.BadArgs, "must be at least 100ms"},
		"endpoint status --watch=-2s":                   {exit.BadArgs, "must be at least 100ms"},
		"endpoint status --watch 2":                     {exit.Error, "watch"},
		"endpoint health --endpoints=":                  {exit.BadConnection, "no available endpoints"},
		"member promote 1 --learner":                    {exit.Error, "learner"},
	} {
		t.Run(line, func(t *testing.T) {
			run := clitest.New("")
			words := strings.Fields(line)
			command := map[string]func(*cli.Factory) *cobra.Command{
				"member": NewMemberCmd, "endpoint": NewEndpointCmd, "move-leader": NewMoveLeaderCmd, "alarm": NewAlarmCmd, "downgrade": NewDowngradeCmd, "defrag": NewDefragCmd,
			}[words[0]]
			err := run.Execute(t.Context(), command(run.Factory), words[1:]...)
			if exit.CodeOf(err) != want.code || err == nil || !strings.Contains(err.Error(), want.says) {
				t.Errorf("%s: status %d, %v, want status %d and %q", line, exit.CodeOf(err), err, want.code, want.says)
			}
		})
	}
}

func TestAlarmsThatWereOnBeforeAreKnown(t *testing.T) {
	full := func(member uint64) *pb.AlarmMember {
		return &pb.AlarmMember{MemberID: member, Alarm: pb.AlarmType_NOSPACE}
	}
	corrupt := &pb.AlarmMember{MemberID: 1, Alarm: pb.AlarmType_CORRUPT}
	for _, c := range []struct {
		known, now alarms
		want       bool
	}{
		{nil, nil, true},
		{alarms{full(1)}, nil, true},
		{alarms{full(1), full(2)}, alarms{full(2), full(1)}, true},
		{nil, alarms{full(1)}, false},
		{alarms{full(1)}, alarms{full(2)}, false},
		{alarms{full(1)}, alarms{full(1), corrupt}, false},
	} {
		if got := c.known.has(c.now); got != c.want {
			t.Errorf("%v, of which %v are known: %t, want %t", c.now, c.known, got, c.want)
		}
	}
}
