package mirror

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/internal/exit"
)

// listed is a listing that was read, in blocks of two keys.
func listed(keys string, end error) *destinationKeys {
	l := &destinationKeys{blocks: make(chan [][]byte, 9), err: end}
	all := strings.Fields(keys)
	for i := 0; i < len(all); i += 2 {
		var block [][]byte
		for _, key := range all[i:min(i+2, len(all))] {
			block = append(block, []byte(key))
		}
		l.blocks <- block
	}
	close(l.blocks)
	return l
}

func TestOnlyWhatTheSourceLacksIsListed(t *testing.T) {
	for _, test := range []struct{ dest, source, want string }{
		{"a b c", "a b c", ""},
		{"a b c d e", "b d", "a c e"},
		{"a b c", "", "a b c"},
		{"", "a b", ""},
		{"b", "a c", "b"},
		{"a aa ab b", "a ab c d", "aa b"},
	} {
		l, got := listed(test.dest, nil), []string{}
		take := func(name []byte) {
			for {
				key, err := l.before(name)
				if err != nil {
					t.Fatal(err)
				}
				if key == nil {
					return
				}
				got = append(got, string(key))
			}
		}
		for _, name := range strings.Fields(test.source) {
			take([]byte(name))
		}
		if take(nil); !reflect.DeepEqual(got, strings.Fields(test.want)) {
			t.Errorf("of %q the source with %q lacks %q, want %q", test.dest, test.source, got, test.want)
		}
	}
}

// A listing that broke off must not pass for one that is over.
func TestAListingThatBreaksOffIsAnError(t *testing.T) {
	broken := errors.New("broken")
	l := listed("a", broken)
	if key, err := l.before(nil); string(key) != "a" || err != nil {
		t.Errorf("the first key is %q, %v", key, err)
	}
	if key, err := l.before(nil); key != nil || !errors.Is(err, broken) {
		t.Errorf("behind it is %q, %v, want the error", key, err)
	}
}

func TestACopyWithPruneIsFinishedWithIt(t *testing.T) {
	for _, test := range []struct {
		before position
		prune  bool
		want   position
		code   exit.Code
	}{
		{position{Base: 7, Next: "b", Prune: true}, true, position{Base: 7, Next: "b", Prune: true}, exit.Success},
		{position{Base: 7, Next: "b", Prune: true}, false, position{}, exit.BadArgs},
		{position{Base: 7, Next: "b", Anchor: "a"}, true, position{Base: 7, Next: "b", Anchor: "a", Prune: true}, exit.Success},
		{position{Revision: 9}, true, position{Revision: 9}, exit.Success},
		{position{Revision: 9}, false, position{Revision: 9}, exit.Success},
	} {
		path := t.TempDir() + "/state"
		if err := (checkpoint{checkpointVersion, testIdentity(), test.before}).write(path); err != nil {
			t.Fatal(err)
		}
		j, err := openTracker(path, testIdentity(), position{Prune: test.prune})
		if exit.CodeOf(err) != test.code {
			t.Errorf("%+v, prune %t: %v, want status %d", test.before, test.prune, err, test.code)
		}
		if err != nil {
			continue
		}
		if at := j.position(); at != test.want {
			t.Errorf("%+v, prune %t: it goes on at %+v, want %+v", test.before, test.prune, at, test.want)
		}
		j.release()
	}
}
