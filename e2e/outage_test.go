package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// What follows keys says once for each outage that it does not, whatever the
// reason, and once that it does again. It misses nothing.
func TestAnOutageIsSaidAndSoIsItsEnd(t *testing.T) {
	t.Parallel()
	source := harness.NewCluster(t, etcdserver.Options{Members: 3})
	dest := harness.NewCluster(t, etcdserver.Options{})
	client, err := source.Client("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	put := func(key, value string) {
		t.Helper()
		harness.WaitUntil(t, "a key is written", func() bool {
			_, err := client.Put(t.Context(), key, value)
			return err == nil
		})
	}
	put("w/0", "before")
	put("e/0", "before")
	for _, queue := range []string{"l/0", "short/0", "c/0"} { // another process holds them
		put(queue, "")
	}
	follow := func(args ...string) *harness.Process {
		return harness.Start(t, harness.Ectl(), harness.Env(source.Home, "ETCDCTL_ENDPOINTS="+source.Endpoint(), "ETCDCTL_COMMAND_TIMEOUT=2s"), args...)
	}
	commands := []struct {
		*harness.Process
		outage, end string
	}{
		{follow("watch", "w/", "--prefix", "--rev", "1"), "Warning: not watching, still trying: ", "Warning: watching now\n"},
		{follow("elect", "--listen", "e"), "Warning: not listening, still trying: ", "Warning: listening now\n"},
		{follow("make-mirror", dest.Endpoint(), "--prefix", "w/"), "Warning: source: ", "Warning: source: answers again after "},
		{follow("lock", "l", "--ttl", "3600"), "Warning: the lock: no server answers, still trying: ", "Warning: the lock: a server answers again\n"},
		{follow("lock", "held", "--ttl", "3600"), "Warning: the lock: no server answers, still trying: ", "Warning: the lock: a server answers again\n"},
		// This one loses its place, and queues again.
		{follow("lock", "short", "--ttl", "5"), "Warning: the lock: no server answers, still trying: ", "Warning: the lock: a server answers again\n"},
		{follow("elect", "c", "me", "--ttl", "3600"), "Warning: the leadership: no server answers, still trying: ", "Warning: the leadership: a server answers again\n"},
	}
	said := func(times int, what func(i int) string) {
		t.Helper()
		for i, c := range commands {
			harness.WaitUntil(t, c.Cmd.String()+" says "+what(i), func() bool { return strings.Count(c.Stderr.String(), what(i)) >= times })
			if got := c.Stderr.String(); strings.Count(got, what(i)) > times {
				t.Errorf("%s says %q", c.Cmd, got)
			}
		}
	}
	outage := func(i int) string { return commands[i].outage }
	end := func(i int) string { return commands[i].end }
	seen := func(value string) {
		t.Helper()
		commands[0].WaitFor(value)
		commands[1].WaitFor(value)
		harness.WaitUntil(t, "the mirror has "+value, func() bool {
			return strings.Contains(dest.MustRunAt(dest.Endpoint(), "get", "w/", "--prefix"), value)
		})
	}
	seen("before")
	for queue, entries := range map[string]int{"l/": 2, "held/": 1, "short/": 2, "c/": 2} {
		harness.WaitUntil(t, "the queue "+queue, func() bool {
			return strings.Count(source.MustRunAt(source.Endpoint(), "get", queue, "--prefix", "--keys-only"), queue) == entries
		})
	}

	// The majority is gone: the member that is left accepts no watch.
	for _, m := range source.Members[1:] {
		m.Kill()
	}
	said(1, outage)
	for _, c := range commands {
		if c.outage != "Warning: source: " {
			c.WantStderr("no leader")
		}
	}
	for _, m := range source.Members[1:] {
		if err := m.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	said(1, end)
	put("w/1", "first")
	put("e/0", "first")
	seen("first")

	// All of them stand still: connections are accepted, and nothing comes.
	for _, m := range source.Members {
		if err := m.Pause(); err != nil {
			t.Fatal(err)
		}
	}
	// It is said once: time for more is what the tool waits between attempts.
	begun := time.Now()
	for i, c := range commands {
		harness.WaitUntil(t, c.Cmd.String(), func() bool {
			return strings.Count(c.Stderr.String(), outage(i)) > strings.Count(c.Stderr.String(), end(i))
		})
	}
	t.Logf("said within %s", time.Since(begun))
	for _, m := range source.Members {
		if err := m.Continue(); err != nil {
			t.Fatal(err)
		}
	}
	said(2, end)
	put("w/2", "second")
	put("e/0", "second")
	seen("second")
}

// The warning about a mirror's destination names the side once, with its endpoints.
func TestAnOutageOfADestinationNamesItOnce(t *testing.T) {
	t.Parallel()
	source, dest := harness.NewCluster(t, etcdserver.Options{}), harness.NewCluster(t, etcdserver.Options{})
	client := source.MustClient()
	fillKeys(t, client, 1, "before")
	mirror := harness.Start(t, harness.Ectl(), harness.Env(source.Home, "ETCDCTL_ENDPOINTS="+source.Endpoint(), "ETCDCTL_COMMAND_TIMEOUT=1s"), "make-mirror", dest.Endpoint())
	begins(t, dest.MustClient(), mirror)
	dest.Members[0].Kill()
	fillKeys(t, client, 1, "after")
	harness.WaitUntil(t, "the warning", func() bool { return strings.Contains(mirror.Stderr.String(), "still trying") })
	mirror.WantStderr("Warning: context deadline exceeded: ")
	mirror.WantStderr("; at the destination " + dest.Endpoint() + "; still trying\n")
	if said := mirror.Stderr.String(); strings.Count(said, "destination") != 1 {
		t.Errorf("it says %q", said)
	}
}
