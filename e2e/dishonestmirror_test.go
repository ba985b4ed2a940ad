package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

const (
	rangeMethod       = "/etcdserverpb.KV/Range"
	rangeStreamMethod = "/etcdserverpb.KV/RangeStream"
	watchMethod       = "/etcdserverpb.Watch/Watch"
)

// changed is the lie that a response has fields that are not what they should be.
func changed(method string, from int, change func(m protoreflect.Message)) *lie {
	return &lie{method: method, from: from, tell: func(m protoreflect.Message, _ proto.Message) sent {
		change(m)
		return once
	}}
}

// rangeIn is the RangeResponse that a response to a Range or a RangeStream has.
func rangeIn(m protoreflect.Message) protoreflect.Message {
	if f := m.Descriptor().Fields().ByName("range_response"); f != nil {
		return m.Mutable(f).Message()
	}
	return m
}

// lackFirst takes the first key away, and counts as if it were not there.
func lackFirst(m protoreflect.Message) {
	m = rangeIn(m)
	kvs, count := m.Descriptor().Fields().ByName("kvs"), m.Descriptor().Fields().ByName("count")
	list := m.Mutable(kvs).List()
	if list.Len() == 0 {
		return
	}
	for i := 1; i < list.Len(); i++ {
		list.Set(i-1, list.Get(i))
	}
	list.Truncate(list.Len() - 1)
	if m.Get(count).Int() > 0 {
		m.Set(count, protoreflect.ValueOfInt64(m.Get(count).Int()-1))
	}
}

// A source whose listing contradicts itself, in one response or between several,
// deletes nothing at the destination.
func TestAMirrorOfAListingThatIsIncompleteDeletesNothing(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"3.7.3", "3.5.35"} {
		t.Run(version, func(t *testing.T) {
			source, dest := harness.NewCluster(t, etcdserver.Options{Version: version}), harness.NewCluster(t, etcdserver.Options{})
			fillKeys(t, source.MustClient(), 500, "v")
			fillKeys(t, dest.MustClient(), 500, "v")
			putAll(t, dest.MustClient(), "k/00000/extra", "k/00250/extra", "k/99999")
			before := mustKeysUnder(t, dest.MustClient(), "")
			server, back := newDishonestServer(t), harness.DialServer(t, source.Endpoint())
			count := func(by int64) func(protoreflect.Message) {
				return func(m protoreflect.Message) {
					m = rangeIn(m)
					f := m.Descriptor().Fields().ByName("count")
					m.Set(f, protoreflect.ValueOfInt64(m.Get(f).Int()+by))
				}
			}
			lies := map[string]*lie{
				"the first page lacks a key": changed(rangeMethod, 1, func(m protoreflect.Message) {
					lackFirst(m)
					count(1)(m)
				}),
				"the first page counts more":  changed(rangeMethod, 1, count(1)),
				"the first page counts fewer": changed(rangeMethod, 1, count(-1)),
				"another page counts more":    changed(rangeMethod, 2, count(1)), // on 3.7 it is the first of what is to be deleted
			}
			if version == "3.7.3" {
				lies["each block of a stream lacks a key"] = changed(rangeStreamMethod, 2, lackFirst)
				lies["the last block of a stream lacks a key"] = changed(rangeStreamMethod, 1, func(m protoreflect.Message) {
					if rangeIn(m).Has(rangeIn(m).Descriptor().Fields().ByName("header")) {
						lackFirst(m)
					}
				})
			} else {
				lies["the second page lacks a key"] = changed(rangeMethod, 2, lackFirst)
			}
			for name, l := range lies {
				server.begin(back, l, nil)
				r := source.RunAt("http://"+server.endpoint, "make-mirror", dest.Endpoint(), "--once", "--prune", "--yes")
				if r.Status != "1" || !strings.Contains(r.Stderr, "incomplete") || !server.report().told {
					t.Errorf("%s: status %s, %s", name, r.Status, r.Stderr)
				}
				if got := mustKeysUnder(t, dest.MustClient(), ""); !cmp.Equal(before, got) {
					t.Errorf("%s: the destination was changed:\n%s", name, head(cmp.Diff(before, got)))
				}
			}
			server.begin(back, nil, nil)
			r := source.RunAt("http://"+server.endpoint, "make-mirror", dest.Endpoint(), "--once", "--prune", "--yes")
			if r.Status != "0" || !strings.Contains(r.Stderr, "Keys deleted at the destination that the source does not have: 3\n") {
				t.Errorf("an honest source: status %s, %s", r.Status, r.Stderr)
			}
		})
	}
}

// A key and an event outside the range that was asked for end the mirror, and
// nothing is written or deleted for it. etcdctl does what it is told.
func TestAMirrorOfKeysThatItDidNotAskForEnds(t *testing.T) {
	t.Parallel()
	source, dest := harness.NewCluster(t, etcdserver.Options{}), harness.NewCluster(t, etcdserver.Options{})
	fillKeys(t, source.MustClient(), 3, "v")
	putAll(t, dest.MustClient(), "other", "m/")
	server, back := newDishonestServer(t), harness.DialServer(t, source.Endpoint())
	for _, outside := range []string{"other", "k", "", "l"} {
		// As the last one, so that only its name is wrong.
		server.begin(back, changed(rangeMethod, 1, func(m protoreflect.Message) {
			kvs := m.Get(m.Descriptor().Fields().ByName("kvs")).List()
			if kvs.Len() == 0 {
				return
			}
			kv := kvs.Get(kvs.Len() - 1).Message()
			kv.Set(kv.Descriptor().Fields().ByName("key"), protoreflect.ValueOfBytes([]byte(outside)))
		}), nil)
		before := mustKeysUnder(t, dest.MustClient(), "")
		r := source.RunAt("http://"+server.endpoint, "make-mirror", dest.Endpoint(), "--once", "--prefix", "k/", "--dest-prefix", "m/")
		if want := fmt.Sprintf("the key %q, which is outside the requested range", outside); r.Status != "1" || !strings.Contains(r.Stderr, want) {
			t.Errorf("the key %q: status %s, %s", outside, r.Status, r.Stderr)
		}
		if got := mustKeysUnder(t, dest.MustClient(), ""); !cmp.Equal(before, got) {
			t.Errorf("the key %q: the destination was changed:\n%s", outside, head(cmp.Diff(before, got)))
		}
	}
	for _, deleted := range []bool{false, true} {
		server.begin(back, changed(watchMethod, 1, func(m protoreflect.Message) {
			events := m.Get(m.Descriptor().Fields().ByName("events")).List()
			if events.Len() == 0 {
				return
			}
			event := events.Get(events.Len() - 1).Message()
			kv := event.Get(event.Descriptor().Fields().ByName("kv")).Message()
			kv.Set(kv.Descriptor().Fields().ByName("key"), protoreflect.ValueOfBytes([]byte("other")))
			if deleted {
				event.Set(event.Descriptor().Fields().ByName("type"), protoreflect.ValueOfEnum(1))
			}
		}), nil)
		to := fmt.Sprintf("%t/", deleted)
		mirror := harness.StartIn(t, harness.Ectl(), source.Home, []string{"ETCDCTL_ENDPOINTS=" + server.endpoint}, "make-mirror", dest.Endpoint(), "--prefix", "k/", "--dest-prefix", to)
		want := map[string]string{to + "00000": "v", to + "00001": "v", to + "00002": "v"}
		becomes(t, dest.MustClient(), to, want, mirror.MustRun)
		before := mustKeysUnder(t, dest.MustClient(), "")
		putAll(t, source.MustClient(), fmt.Sprintf("k/more%t", deleted))
		mirror.WantEnd("status 1").WantStderr(`an event of the key "other", which is outside the watched range`)
		if got := mustKeysUnder(t, dest.MustClient(), ""); !cmp.Equal(before, got) {
			t.Errorf("deleted %t: the destination was changed:\n%s", deleted, head(cmp.Diff(before, got)))
		}
		if _, err := source.MustClient().Delete(t.Context(), fmt.Sprintf("k/more%t", deleted)); err != nil {
			t.Fatal(err)
		}
	}
}
