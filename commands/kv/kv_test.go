package kv

import (
	"context"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/spf13/cobra"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/commands/clitest"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
)

func askedGet(t *testing.T, args ...string) (*getOptions, error) {
	t.Helper()
	run, got := clitest.New(""), &getOptions{}
	err := run.Execute(t.Context(), NewGetCmd(clitest.Completed(run, got)), args...)
	return got, err
}

func TestRangesOfKeys(t *testing.T) {
	for _, test := range []struct {
		args     []string
		key, end string
	}{
		{[]string{"a"}, "a", ""},
		{[]string{""}, "", ""}, // the server refuses it, as it does etcdctl's
		{[]string{"a", "c"}, "a", "c"},
		{[]string{"a", ""}, "a", ""},
		{[]string{"", "c"}, "", "c"},
		{[]string{"a", "--prefix"}, "a", "b"},
		{[]string{"--prefix", "a\xff"}, "a\xff", "b"},
		{[]string{"\xff", "--prefix"}, "\xff", "\x00"},
		{[]string{"", "--prefix"}, "\x00", "\x00"},
		{[]string{"a", "--from-key"}, "a", "\x00"},
		{[]string{"", "--from-key"}, "\x00", "\x00"},
		{[]string{"--", "-a", "--prefix"}, "-a", "--prefix"},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			get, err := askedGet(t, test.args...)
			if err != nil || get.Keys.Key != test.key || get.Keys.End != test.end {
				t.Errorf("get %q reads %q to %q, %v; want %q to %q", test.args, get.Keys.Key, get.Keys.End, err, test.key, test.end)
			}
			run, del := clitest.New(""), delOptions{}
			err = run.Execute(t.Context(), NewDelCmd(clitest.Completed(run, &del)), test.args...)
			if err != nil || del.Keys.Key != test.key || del.Keys.End != test.end {
				t.Errorf("del %q deletes %q to %q, %v; want %q to %q", test.args, del.Keys.Key, del.Keys.End, err, test.key, test.end)
			}
		})
	}
}

// request is the request that options make.
func request(t *testing.T, key string, options []clientv3.OpOption) *pb.RangeRequest {
	t.Helper()
	server := &lastRange{}
	if _, err := clientv3.NewKVFromKVClient(server, nil).Get(t.Context(), key, options...); err != nil {
		t.Fatal(err)
	}
	return server.request
}

type lastRange struct {
	pb.KVClient
	request *pb.RangeRequest
}

func (l *lastRange) Range(_ context.Context, r *pb.RangeRequest, _ ...grpc.CallOption) (*pb.RangeResponse, error) {
	l.request = r
	return &pb.RangeResponse{}, nil
}

// What --sort-by means without --order is the server's decision.
func TestOptionsOfGetAreInTheRequest(t *testing.T) {
	for line, want := range map[string]*pb.RangeRequest{
		"a":                                       {Key: []byte("a")},
		"a --consistency s":                       {Key: []byte("a"), Serializable: true},
		"a --consistency=l":                       {Key: []byte("a")},
		"a --limit 7 --rev 9":                     {Key: []byte("a"), Limit: 7, Revision: 9},
		"a --rev=-1":                              {Key: []byte("a")},
		"a --limit=-1":                            {Key: []byte("a"), Limit: -1},
		"a --keys-only --prefix":                  {Key: []byte("a"), RangeEnd: []byte("b"), KeysOnly: true},
		"a --count-only":                          {Key: []byte("a"), CountOnly: true},
		"a --order descend":                       {Key: []byte("a"), SortOrder: pb.RangeRequest_DESCEND},
		"a --order=Ascend":                        {Key: []byte("a"), SortOrder: pb.RangeRequest_NONE}, // the order of keys anyway
		"a --sort-by version":                     {Key: []byte("a"), SortTarget: pb.RangeRequest_VERSION},
		"a --sort-by CREATE --order DESCEND":      {Key: []byte("a"), SortOrder: pb.RangeRequest_DESCEND, SortTarget: pb.RangeRequest_CREATE},
		"a --sort-by modify":                      {Key: []byte("a"), SortTarget: pb.RangeRequest_MOD},
		"a --sort-by value":                       {Key: []byte("a"), SortTarget: pb.RangeRequest_VALUE},
		"a --sort-by key":                         {Key: []byte("a")},
		"a --min-mod-rev 2 --max-mod-rev 3":       {Key: []byte("a"), MinModRevision: 2, MaxModRevision: 3},
		"a --min-create-rev 2 --max-create-rev 2": {Key: []byte("a"), MinCreateRevision: 2, MaxCreateRevision: 2},
		"a --min-create-rev 5 --min-mod-rev=-5 --max-mod-rev=-1": {Key: []byte("a"), MinCreateRevision: 5},
	} {
		t.Run(line, func(t *testing.T) {
			opts, err := askedGet(t, strings.Fields(line)...)
			if err != nil {
				t.Errorf("get %s: %v", line, err)
				return
			}
			if got := request(t, opts.Keys.Key, opts.api()); !proto.Equal(got, want) {
				t.Errorf("get %s asks for %v, want %v", line, got, want)
			}
		})
	}
}

func TestOnlyWhatIsInTheOrderOfKeysStreams(t *testing.T) {
	for line, want := range map[string]bool{
		"a":                               false, // one key
		"a b":                             true,
		"a --prefix":                      true,
		"a --from-key --limit 10":         true,
		"a --prefix --stream":             true,
		"a --prefix --keys-only":          true,
		"a --prefix --rev 7":              true,
		"a --prefix --order ASCEND":       true,
		"a --prefix --sort-by KEY":        true,
		"a --prefix --print-value-only":   true,
		"a --prefix --consistency s":      true,
		"a --prefix --count-only":         false,
		"a --prefix --order DESCEND":      false,
		"a --prefix --sort-by MODIFY":     false,
		"a --prefix --min-mod-rev 1":      false,
		"a --prefix --max-create-rev 100": false,
		"a --prefix --max-mod-rev 1":      false,
		"a --prefix --limit=-1":           false,
		"a --prefix --min-create-rev 1":   false,
		"a --prefix --min-create-rev=-1":  true,
	} {
		t.Run(line, func(t *testing.T) {
			opts, err := askedGet(t, strings.Fields(line)...)
			if err != nil || opts.streams() != want {
				t.Errorf("get %s streams: %t, %v; want %t", line, opts.streams(), err, want)
			}
		})
	}
}

func TestDelHesitatesBeforeTwoKeysAndEveryKey(t *testing.T) {
	for line, want := range map[string]bool{
		"a": false, "a --prefix": false, "a --from-key": false,
		"a b": true, "a b --dry-run": false, "a b --range": false, "a b --yes": false, "a b --max-keys 9": false,
		"EMPTY": false, "EMPTY b": true, "EMPTY --prefix": true, "EMPTY --from-key": true, "--prefix EMPTY --range=false": true,
		"EMPTY --prefix --range": false, "EMPTY --from-key --yes": false, "EMPTY --prefix --max-keys 0": false, "EMPTY --prefix --dry-run": false,
	} {
		t.Run(line, func(t *testing.T) {
			run, got := clitest.New(""), delOptions{}
			args := strings.Fields(line)
			for i, arg := range args {
				args[i] = strings.ReplaceAll(arg, "EMPTY", "")
			}
			err := run.Execute(t.Context(), NewDelCmd(clitest.Completed(run, &got)), args...)
			if err != nil || got.Pausing != want {
				t.Errorf("del %s hesitates: %t, %v; want %t", line, got.Pausing, err, want)
			}
		})
	}
}

func TestAnInterruptDuringThePauseDeletesNothing(t *testing.T) {
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(interrupted)
	for warning, args := range map[string][]string{
		`all keys from "a" up to "b" (not included) in 2 seconds`:          {"a", "b"},
		"every key of the cluster, because KEY is empty, in 2 seconds":     {"", "--prefix"},
		"because KEY is empty, in 2 seconds: interrupt to cancel; --range": {"--from-key", ""},
	} {
		run := clitest.New("")
		err := run.Execute(ctx, NewDelCmd(run.Factory), args...)
		if !errors.Is(err, interrupted) || !strings.Contains(run.Err.String(), warning) {
			t.Errorf("del %q, interrupted = %v with %q on stderr; want the interrupt behind a warning", args, err, &run.Err)
		}
	}
}

func askedPut(t *testing.T, stdin string, args ...string) (putOptions, error) {
	t.Helper()
	run, got := clitest.New(stdin), putOptions{}
	err := run.Execute(t.Context(), NewPutCmd(clitest.Completed(run, &got)), args...)
	return got, err
}

func TestValuesOfPut(t *testing.T) {
	for _, test := range []struct {
		name, stdin string
		args        []string
		key, value  string
	}{
		{"in argv", "not read", []string{"k", "v"}, "k", "v"},
		{"empty in argv", "not read", []string{"k", ""}, "k", ""},
		{"behind --", "", []string{"--", "-k", "-1"}, "-k", "-1"},
		{"on standard input, as it is", "two\nlines\n", []string{"k"}, "k", "two\nlines\n"},
		{"on standard input, binary", "\x00\xff", []string{"k"}, "k", "\x00\xff"},
		{"kept", "not read", []string{"k", "--ignore-value"}, "k", ""},
		{"with more words behind it", "", []string{"k", "v", "w"}, "k", "v"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := askedPut(t, test.stdin, test.args...)
			if err != nil || got.Key != test.key || got.Value != test.value {
				t.Errorf("a value %s: put %q writes %q: %q, %v; want %q: %q", test.name, test.args, got.Key, got.Value, err, test.key, test.value)
			}
		})
	}
}

func TestLeasesOfPutAreHexadecimal(t *testing.T) {
	for lease, want := range map[string]clientv3.LeaseID{"0": 0, "10": 16, "694d7e4f1a2b3c05": 0x694d7e4f1a2b3c05, "FF": 255, "-1": -1} {
		t.Run(lease, func(t *testing.T) {
			if got, err := askedPut(t, "", "k", "v", "--lease="+lease); err != nil || got.LeaseID != want {
				t.Errorf("put --lease=%s attaches to %x, %v; want %x", lease, got.LeaseID, err, want)
			}
		})
	}
	for _, lease := range []string{"", "x", "0x10", "10000000000000000"} {
		t.Run(lease, func(t *testing.T) {
			if got, err := askedPut(t, "", "k", "v", "--lease="+lease); exit.CodeOf(err) != exit.BadArgs {
				t.Errorf("put --lease=%s attaches to %x, %v; want status %d", lease, got.LeaseID, err, exit.BadArgs)
			}
		})
	}
}

func TestAStandardInputThatCannotBeReadIsAnError(t *testing.T) {
	broken := errors.New("input/output error")
	f := cli.NewFactory("ectl", &iostreams.Streams{In: iotest.ErrReader(broken), Out: io.Discard, Err: io.Discard})
	if err := (&putOptions{Lease: "0"}).Complete(f, NewPutCmd(f), []string{"k"}); !errors.Is(err, broken) || exit.CodeOf(err) != exit.BadArgs {
		t.Errorf("put of a value that cannot be read = %v, want %v with status %d", err, broken, exit.BadArgs)
	}
}

func TestWrongCommandLinesAreRefusedBeforeAnythingElse(t *testing.T) {
	for line, want := range map[string]struct {
		code exit.Code
		says string
	}{
		"get":                                         {exit.BadArgs, "a key"},
		"get a b --prefix":                            {exit.BadArgs, "give only one key"},
		"get a b --from-key":                          {exit.BadArgs, "give only one key"},
		"get a --prefix --from-key":                   {exit.BadArgs, "choose one"},
		"get a --keys-only --count-only":              {exit.BadArgs, "choose one"},
		"get a --consistency x":                       {exit.BadFeature, "l or s"},
		"get a --consistency=":                        {exit.BadFeature, "l or s"},
		"get a --order up":                            {exit.BadFeature, "ASCEND or DESCEND"},
		"get a --sort-by size":                        {exit.BadFeature, "CREATE, KEY, MODIFY, VALUE or VERSION"},
		"get a --min-mod-rev 3 --max-mod-rev 2":       {exit.BadFeature, "3"},
		"get a --min-create-rev 3 --max-create-rev 2": {exit.BadFeature, "3"},
		"get a --print-value-only -w json":            {exit.BadArgs, "print-value-only"},
		"get a --limit x":                             {exit.Error, "limit"},
		"get a -w xml":                                {exit.BadFeature, "xml"},
		"put":                                         {exit.BadArgs, "a key"},
		"put k":                                       {exit.BadArgs, "no value"},
		"put k v --ignore-value":                      {exit.BadArgs, "ignore-value"},
		"put k v --lease z":                           {exit.BadArgs, "hexadecimal"},
		"del":                                         {exit.BadArgs, "a key"},
		"del a b c":                                   {exit.BadArgs, "a key"},
		"del a b --prefix":                            {exit.BadArgs, "give only one key"},
		"del a --prefix --from-key":                   {exit.BadArgs, "choose one"},
		"put k v --if-absent --if-rev 3":              {exit.BadArgs, "exclude each other"},
		"put k --if-absent --ignore-value":            {exit.BadArgs, "does not exist"},
		"put k v --if-rev 0 --ignore-lease":           {exit.BadArgs, "does not exist"},
		"put k v --if-rev=-1":                         {exit.Error, "not negative"},
		"put k v --if-rev x":                          {exit.Error, "--if-rev"},
		"del a --max-keys=-1":                         {exit.Error, "not negative"},
		"del a --max-keys=":                           {exit.Error, "--max-keys"},
	} {
		t.Run(line, func(t *testing.T) {
			// Nothing listens at port 1: what is refused only later ends otherwise.
			run := clitest.New("", "ETCDCTL_ENDPOINTS=127.0.0.1:1", "ETCDCTL_COMMAND_TIMEOUT=1ms")
			words := strings.Fields(line)
			commands := map[string]func(*cli.Factory) *cobra.Command{"get": NewGetCmd, "put": NewPutCmd, "del": NewDelCmd}
			err := run.Execute(t.Context(), commands[words[0]](run.Factory), words[1:]...)
			if exit.CodeOf(err) != want.code || err == nil || !strings.Contains(err.Error(), want.says) {
				t.Errorf("%s: error %v with status %d, want status %d and the text %q", line, err, exit.CodeOf(err), want.code, want.says)
			}
			if run.Out.Len() > 0 {
				t.Errorf("%s was refused and printed %q", line, &run.Out)
			}
		})
	}
}

func TestChoicesOfAFlagAreItsCompletion(t *testing.T) {
	run := clitest.New("")
	cmd := NewGetCmd(run.Factory)
	for flag, want := range map[string][]string{
		"consistency": {"l\tlinearizable, what the cluster agrees on", "s\tserializable, what the member knows"},
		"order":       {"ASCEND", "DESCEND"},
		"sort-by":     {"CREATE", "KEY", "MODIFY", "VALUE", "VERSION"},
	} {
		t.Run(flag, func(t *testing.T) {
			complete, ok := cmd.GetFlagCompletionFunc(flag)
			if !ok {
				t.Errorf("--%s has no completion", flag)
				return
			}
			if got, directive := complete(cmd, nil, ""); !reflect.DeepEqual(got, want) || directive != cobra.ShellCompDirectiveNoFileComp {
				t.Errorf("--%s completes to %q and %v, want %q and no files", flag, got, directive, want)
			}
		})
	}
}
