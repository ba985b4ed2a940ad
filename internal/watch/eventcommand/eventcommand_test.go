package eventcommand

import (
	"slices"
	"strings"
	"testing"

	"go.etcd.io/etcd/api/v3/mvccpb"
)

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
