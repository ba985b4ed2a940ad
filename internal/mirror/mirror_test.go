package mirror

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"

	"github.com/ectl-io/ectl/internal/exit"
)

func TestKeysAreRenamed(t *testing.T) {
	for _, test := range []struct {
		renaming
		key, want string
		endless   bool
	}{
		{renaming{"", ""}, "k", "k", true},
		{renaming{"p/", "p/"}, "p/k", "p/k", true},
		{renaming{"p/", ""}, "p/p/k", "p/k", false},
		{renaming{"p/", "d/"}, "p/p/k", "d/p/k", false},
		{renaming{"", "d/"}, "k", "d/k", true},
		{renaming{"p/", "p/copy/"}, "p/k", "p/copy/k", true},
	} {
		if got := string(test.name([]byte(test.key))); got != test.want || test.renaming.endless() != test.endless {
			t.Errorf("%+v: %q becomes %q, endless %t; want %q, %t", test.renaming, test.key, got, test.renaming.endless(), test.want, test.endless)
		}
	}
}

func testIdentity() identity {
	return identity{Source: 1, Destination: 0xcdf818194e3a8c32, Prefix: "p/", DestPrefix: "\xff"}
}

func TestACheckpointIsReadAsItWasWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	if _, found, err := readCheckpoint(path, testIdentity()); found || err != nil {
		t.Fatalf("without a file: %t, %v", found, err)
	}
	for _, at := range []position{{}, {Base: 7, Next: "a\xff\x00"}, {Revision: 9, Anchor: "k"}} {
		if err := (checkpoint{checkpointVersion, testIdentity(), at}).write(path); err != nil {
			t.Fatal(err)
		}
		got, found, err := readCheckpoint(path, testIdentity())
		if err != nil || !found || got != at {
			t.Errorf("%+v is read as %+v, %t, %v", at, got, found, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("others may read the checkpoint: %v, %v", info.Mode(), err)
	}
}

func TestACheckpointOfAnotherMirrorIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	if err := (checkpoint{checkpointVersion, testIdentity(), position{Revision: 9}}).write(path); err != nil {
		t.Fatal(err)
	}
	for says, change := range map[string]func(*identity){
		"its source cluster is 1, not 2":                     func(i *identity) { i.Source = 2 },
		"its destination cluster is cdf818194e3a8c32, not 1": func(i *identity) { i.Destination = 1 },
		`its prefix is "p/", not ""`:                         func(i *identity) { i.Prefix = "" },
		`its destination prefix is "\xff", not "d/"`:         func(i *identity) { i.DestPrefix = "d/" },
	} {
		now := testIdentity()
		change(&now)
		if _, _, err := readCheckpoint(path, now); exit.CodeOf(err) != exit.BadArgs || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q and status %d", err, says, exit.BadArgs)
		}
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"", "{}", "[1]", "hello", string(good[:len(good)/2]), strings.Replace(string(good), `"version": 1`, `"version": 2`, 1), `{"version":1,"more":1}`} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := readCheckpoint(path, testIdentity()); exit.CodeOf(err) != exit.BadArgs || !strings.Contains(err.Error(), "no checkpoint") {
			t.Errorf("%q is read with %v", content, err)
		}
	}
}

func TestTextIsReadableWhereItCan(t *testing.T) {
	for value, want := range map[text]string{"a/": `"a/"`, "\xff": `{"base64":"/w=="}`, "": `""`, "{": `"{"`} {
		data, err := json.Marshal(value)
		var back text
		if err != nil || string(data) != want || json.Unmarshal(data, &back) != nil || back != value {
			t.Errorf("%q is %s, and back %q, want %s", value, data, back, want)
		}
	}
}

func TestACheckpointThatCannotBeWrittenIsSaidAtOnce(t *testing.T) {
	if _, err := openTracker(filepath.Join(t.TempDir(), "nowhere", "state"), testIdentity(), position{}); exit.CodeOf(err) != exit.IO {
		t.Errorf("%v, want status %d", err, exit.IO)
	}
}

// In a folder that others can write, they choose what a link leads to.
func TestACheckpointFollowsNoLink(t *testing.T) {
	for _, name := range []string{"state", "state" + lockSuffix} {
		folder, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "elsewhere")
		path := filepath.Join(folder, "state")
		if err := (checkpoint{checkpointVersion, testIdentity(), position{Revision: 9}}).write(elsewhere); err != nil {
			t.Fatal(err)
		}
		for _, target := range []string{elsewhere, elsewhere + ".new"} {
			if err := os.Symlink(target, filepath.Join(folder, name)); err != nil {
				t.Skipf("no links here: %v", err)
			}
			if _, err := openTracker(path, testIdentity(), position{}); err == nil || !strings.Contains(err.Error(), name+": is a symbolic link") {
				t.Errorf("%s is a link, and the checkpoint is opened with %v", name, err)
			}
			if _, err := os.Lstat(elsewhere + ".new"); err == nil {
				t.Errorf("%s is a link, and a file was created where it leads to", name)
			}
			if err := os.Remove(filepath.Join(folder, name)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Mkdir(filepath.Join(folder, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := openTracker(path, testIdentity(), position{}); err == nil {
			t.Errorf("%s is a folder, and is taken", name)
		}
	}
}

func TestACheckpointIsOneMirrorsAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	first, err := openTracker(path, testIdentity(), position{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openTracker(path, testIdentity(), position{}); err == nil || !strings.Contains(err.Error(), "another make-mirror") {
		t.Errorf("while one has it: %v", err)
	}
	first.release()
	second, err := openTracker(path, testIdentity(), position{})
	if err != nil {
		t.Fatal(err)
	}
	second.release()
	other := testIdentity()
	other.Source++
	for range 2 { // one that is refused does not keep it
		if _, err := openTracker(path, other, position{}); exit.CodeOf(err) != exit.BadArgs {
			t.Errorf("of another mirror: %v", err)
		}
	}
}

func TestTheJournalOnlyGoesForward(t *testing.T) {
	j := &tracker{}
	j.copying(7, "b")
	j.done(7)
	j.done(5)
	if at := j.position(); at != (position{Revision: 7}) {
		t.Errorf("the position is %+v, want revision 7", at)
	}
}

func put(key string) change     { return change{key: []byte(key)} }
func deleted(key string) change { return change{key: []byte(key), deleted: true} }

// The anchor is always a key that exists, as far as can be known, and its
// revision that of the last transaction which wrote it.
func TestTheFenceFollowsItsAnchor(t *testing.T) {
	f := &fence{key: "a", at: 3}
	expect := func(what, key string, at int64) {
		t.Helper()
		if p := f.pass(); p.key != key || p.at != at {
			t.Fatalf("%s: the anchor is %q at %d, want %q at %d", what, p.key, p.at, key, at)
		}
	}
	f.made([]change{put("b"), put("c")}, 4)
	expect("other keys are written", "a", 3)
	f.made([]change{put("a"), put("d")}, 5)
	expect("the anchor is written", "a", 5)
	f.made([]change{deleted("d"), deleted("a")}, 6)
	expect("the anchor is deleted", "c", 4)
	f.made([]change{put("b")}, 7)
	f.made([]change{deleted("c")}, 8)
	expect("another anchor is deleted", "b", 7)
	f.made([]change{deleted("b")}, 9)
	expect("nothing is left", "b", 0)
	f.made([]change{put("e")}, 10)
	expect("a key is written again", "e", 10)
	for i := range int64(100) {
		f.made([]change{put(string(rune('A' + i)))}, 11+i)
	}
	if len(f.recent) > recentKeys {
		t.Errorf("%d keys are remembered, want %d at most", len(f.recent), recentKeys)
	}
	if !f.drop() || f.drop() || f.pass().conditions() != nil {
		t.Error("a fence that was given up is still there")
	}
}

func TestOnlyServersThatTellTheTruthAreAsked(t *testing.T) {
	for version, want := range map[string]bool{
		"3.4.23": false, "3.4.25": true, "3.5.7": false, "3.5.8": true, "3.5.35": true, "3.6.0": true, "3.6.0-rc.1": true,
		"3.7.3": true, "4.0.0": true, "3.3.27": false, "2.3.8": false, "": false, "not_decided": false,
	} {
		if truthful(version) != want {
			t.Errorf("%q is asked: %t, want %t", version, !want, want)
		}
	}
}

func TestRevisionsStayTogether(t *testing.T) {
	events := []*mvccpb.Event{}
	for _, revision := range []int64{5, 5, 6, 7, 7, 7} {
		events = append(events, &mvccpb.Event{Kv: &mvccpb.KeyValue{ModRevision: revision}})
	}
	var lengths []int
	for len(events) > 0 {
		n := sameRevision(events)
		lengths = append(lengths, n)
		events = events[n:]
	}
	if !reflect.DeepEqual(lengths, []int{2, 1, 3}) {
		t.Errorf("the revisions have %v events", lengths)
	}
}

// A mirror whose progress cannot be reported says so once and goes on.
func TestProgressIsReportedNowAndThen(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var reports []Progress
	m := &mirror{tracker: &tracker{at: position{Revision: 20}}}
	m.count.Store(17)
	m.Progress = func(p Progress) error {
		if reports = append(reports, p); len(reports) == 2 {
			cancel()
		}
		return nil
	}
	<-m.reportProgress(ctx, time.Millisecond)
	if want := (Progress{Changes: 17, Revision: 20}); !reflect.DeepEqual(reports, []Progress{want, want}) {
		t.Errorf("it reports %+v, want %+v twice", reports, want)
	}

	var warnings []string
	attempts := 0
	m.Progress = func(Progress) error { attempts++; return errors.New("no space left on device") }
	m.Warn = func(sentence string) { warnings = append(warnings, sentence) }
	<-m.reportProgress(t.Context(), time.Millisecond)
	if attempts != 1 || len(warnings) != 1 || !strings.HasSuffix(warnings[0], "the mirror continues: no space left on device") {
		t.Errorf("after %d attempts that fail it says %q", attempts, warnings)
	}
}
