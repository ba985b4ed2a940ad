package kv

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/mvccpb"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/commands/clitest"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/scan"
	"github.com/ectl-io/ectl/output"
)

func TestOptionsOfLsAndDu(t *testing.T) {
	levels := func(prefix, delimiter string, depth int) levelOptions {
		return levelOptions{scan.Levels{Prefix: prefix, Delimiter: delimiter}, depth}
	}
	for line, want := range map[string]lsOptions{
		"":                          {levelOptions: levels("", "/", 1)},
		"/app/ -l":                  {levelOptions: levels("/app/", "/", 1), Long: true},
		"a --delimiter :: -R":       {levelOptions: levels("a", "::", 1), Recursive: true},
		"--depth 3 --long -- -dash": {levelOptions: levels("-dash", "/", 3), Long: true},
	} {
		t.Run(line, func(t *testing.T) {
			run, got := clitest.New(""), lsOptions{}
			cmd := NewLsCmd(clitest.Completed(run, &got))
			if err := run.Execute(t.Context(), cmd, strings.Fields(line)...); err != nil || got != want {
				t.Errorf("ls %s asks for %+v, %v; want %+v", line, got, err, want)
			}
		})
	}
	run, got := clitest.New(""), duOptions{}
	cmd := NewDuCmd(clitest.Completed(run, &got))
	if err, want := run.Execute(t.Context(), cmd, "/app/", "--top", "0", "--depth=2"), (duOptions{levels("/app/", "/", 2), 0}); err != nil || got != want {
		t.Errorf("du asks for %+v, %v; want %+v", got, err, want)
	}
}

func TestLsAndDuRefuseWhatTheyCannotMean(t *testing.T) {
	for line, says := range map[string]string{
		"ls a b":                   "at most a prefix",
		"ls --depth 0":             "must be positive",
		"ls --depth 1 --recursive": "exclude each other",
		"ls --delimiter=":          "--delimiter is empty",
		"du a b":                   "at most a prefix",
		"du --depth=-1":            "must be positive",
		"du --top=-1":              "must not be negative",
		"du --delimiter=":          "--delimiter is empty",
	} {
		t.Run(line, func(t *testing.T) {
			run := clitest.New("", "ETCDCTL_ENDPOINTS=127.0.0.1:1", "ETCDCTL_COMMAND_TIMEOUT=1ms")
			words := strings.Fields(line)
			makers := map[string]func(*cli.Factory) *cobra.Command{"ls": NewLsCmd, "du": NewDuCmd}
			err := run.Execute(t.Context(), makers[words[0]](run.Factory), words[1:]...)
			if exit.CodeOf(err) != exit.BadArgs || !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v with status %d, want %d and %q", line, err, exit.CodeOf(err), exit.BadArgs, says)
			}
		})
	}
}

// used is what du says of keys, each of which has a value of the given size.
func used(t *testing.T, o duOptions, size int, keys ...string) output.Usage {
	t.Helper()
	slices.Sort(keys)
	u := newUsage(&o)
	for _, key := range keys {
		if err := u.Keys([]*mvccpb.KeyValue{{Key: []byte(key), Value: make([]byte, size)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := u.End(false, int64(len(keys))); err != nil {
		t.Fatal(err)
	}
	return u.result()
}

func TestUsageIsAddedUpByLevelTheLargestFirst(t *testing.T) {
	keys := []string{"/a", "/a/", "/a/1", "/a/2/x", "/a/2/y", "/a0", "/b/1", "/b/22", "/c/1/2/3", "z"}
	for _, test := range []struct {
		depth, top int
		prefix     string
		want       string
		omitted    int64
	}{
		{1, 0, "", "=10/1042 /a/=4/419 /b/=2/209 /c/=1/108", 0},
		{2, 0, "", "=10/1042 /a/=4/419 /a/2/=2/212 /b/=2/209 /c/=1/108 /c/1/=1/108", 0},
		{9, 0, "", "=10/1042 /a/=4/419 /a/2/=2/212 /b/=2/209 /c/=1/108 /c/1/=1/108 /c/1/2/=1/108", 0},
		{9, 2, "", "=10/1042 /a/=4/419 /a/2/=2/212", 4},
		{1, 0, "/", "/=9/941 /a/=4/419 /b/=2/209 /c/=1/108", 0},
	} {
		var under []string
		for _, key := range keys {
			if strings.HasPrefix(key, test.prefix) {
				under = append(under, key)
			}
		}
		result := used(t, duOptions{levelOptions{scan.Levels{Prefix: test.prefix, Delimiter: "/"}, test.depth}, test.top}, 100, under...)
		var got []string
		for _, level := range result.Levels {
			got = append(got, fmt.Sprintf("%s=%d/%d", level.Prefix, level.Keys, level.Bytes))
		}
		if line := strings.Join(got, " "); line != test.want || result.Omitted != test.omitted {
			t.Errorf("du %s --depth %d --top %d is %s and %d more, want %s and %d more", test.prefix, test.depth, test.top, line, result.Omitted, test.want, test.omitted)
		}
	}
}
