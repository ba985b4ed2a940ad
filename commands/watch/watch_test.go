package watch

import (
	"reflect"
	"strings"
	"testing"

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
