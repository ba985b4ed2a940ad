package watch

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/etcd/api/v3/mvccpb"

	"github.com/ectl-io/ectl/commands/clitest"
	"github.com/ectl-io/ectl/internal/exit"
)

// parse is what a command line asks for.
func parse(t *testing.T, line string, environ ...string) (options, error) {
	t.Helper()
	run, got := clitest.New("", environ...), options{}
	command := NewCmd(clitest.Completed(run, &got))
	err := run.Execute(t.Context(), command, strings.Fields(line)...)
	return got, err
}

func TestKeysAndCommandAreToldApart(t *testing.T) {
	key, end := "ETCDCTL_WATCH_KEY=env", "ETCDCTL_WATCH_RANGE_END=envend"
	for _, c := range []struct {
		line    string
		environ []string
		want    watchOptions
	}{
		{"k", nil, watchOptions{Key: "k"}},
		{"k end", nil, watchOptions{Key: "k", End: "end"}},
		{"a b c", nil, watchOptions{Key: "a"}},
		{"k --prefix --rev 5 --prev-kv --progress-notify", nil,
			watchOptions{Key: "k", Prefix: true, Revision: 5, PrevKV: true, ProgressNotify: true}},
		{"k -- echo hi", nil, watchOptions{Key: "k", Command: []string{"echo", "hi"}}},
		{"k -- echo --rev 3", nil, watchOptions{Key: "k", Command: []string{"echo", "--rev", "3"}}},
		{"k -- k k", nil, watchOptions{Key: "k", Command: []string{"k", "k"}}},
		{"k -- --", nil, watchOptions{Key: "k", Command: []string{"--"}}},
		{"k --rev 3 end -- x", nil, watchOptions{Key: "k", End: "end", Revision: 3, Command: []string{"x"}}},
		{"", []string{key}, watchOptions{Key: "env"}},
		{"", []string{key, end}, watchOptions{Key: "env", End: "envend"}},
		{"-- echo hi", []string{key}, watchOptions{Key: "env", Command: []string{"echo", "hi"}}},
	} {
		t.Run(c.line, func(t *testing.T) {
			got, err := parse(t, c.line, c.environ...)
			if err != nil || !reflect.DeepEqual(got.watchOptions, c.want) {
				t.Errorf("watch %s with %v is %+v (%v), want %+v", c.line, c.environ, got.watchOptions, err, c.want)
			}
		})
	}
}

func TestArgumentsThatMeanNothingAreRefused(t *testing.T) {
	for line, environ := range map[string][]string{
		"":              nil,
		"k --":          nil,
		"-- echo":       nil,
		"a b --prefix":  nil,
		"k":             {"ETCDCTL_WATCH_KEY=env"},
		"k -- echo":     {"ETCDCTL_WATCH_KEY=env"},
		"--":            {"ETCDCTL_WATCH_KEY=env"},
		"--rev 3":       {"ETCDCTL_WATCH_RANGE_END=end"},
		"--rev 1":       {"ETCDCTL_WATCH_KEY="},
		"--prefix --":   nil,
		"k --prefix --": {"ETCDCTL_WATCH_KEY=env", "ETCDCTL_WATCH_RANGE_END=end"},
	} {
		t.Run(line, func(t *testing.T) {
			if got, err := parse(t, line, environ...); exit.CodeOf(err) != exit.BadArgs {
				t.Errorf("watch %s with %v is %+v with status %d (%v), want %d", line, environ, got, exit.CodeOf(err), err, exit.BadArgs)
			}
		})
	}
}

func TestACommandSeesTheEvent(t *testing.T) {
	event := &mvccpb.Event{
		Kv:     &mvccpb.KeyValue{Key: []byte("k \"q\""), Value: []byte("a\x00b")},
		PrevKv: &mvccpb.KeyValue{Value: []byte("before\n")},
	}
	inherited, own := eventEnviron([]string{"HOME=/", "ECTL_WATCH_VALUE=stale"}, 7, event)
	env := slices.Concat(inherited, own)
	want := []string{
		"HOME=/",
		"ETCD_WATCH_REVISION=7",
		`ETCD_WATCH_EVENT_TYPE="PUT"`,
		`ETCD_WATCH_KEY="k \"q\""`,
		`ETCD_WATCH_VALUE="a\x00b"`,
		`ECTL_WATCH_KEY=k "q"`,
		"ECTL_WATCH_VALUE_BASE64=YQBi",
		"ECTL_WATCH_PREV_VALUE=before\n",
	}
	if !slices.Equal(env, want) {
		t.Errorf("the environment is %q, want %q", env, want)
	}
	event.PrevKv = nil
	if _, env := eventEnviron(nil, 7, event); slices.ContainsFunc(env, func(v string) bool { return strings.Contains(v, "PREV") }) {
		t.Errorf("without the key before the environment is %q", env)
	}
}
