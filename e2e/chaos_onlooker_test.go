package e2e

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ectl-io/ectl/e2e/harness"
)

// onlooker is a watch of k/.
type onlooker struct {
	name, format string
	prev         bool
	from         int64 // 0: what is to come
	run          *harness.Process
	file         string
	said         string // file of what its command said
}

// look begins a watch in its format.
func (c *chaos) look(o onlooker) *onlooker {
	c.t.Helper()
	args := []string{"watch", "k/", "--prefix"}
	if o.prev {
		args = append(args, "--prev-kv")
	}
	if o.from > 0 {
		args = append(args, "--rev", strconv.FormatInt(o.from, 10))
	}
	line := strings.Join(args, " ")
	switch o.name {
	case "interactive":
		args = []string{"watch", "-i"}
	case "command":
		o.said = filepath.Join(c.dir, o.name+".said")
		args = append(args, "--", "sh", "-c", `printf '%s\n' "$ECTL_WATCH_KEY $ECTL_WATCH_VALUE" >>"$SAID"`)
	}
	o.file = filepath.Join(c.dir, o.name)
	file, err := os.Create(o.file)
	if err != nil {
		c.t.Fatal(err)
	}
	defer file.Close()
	o.run = harness.StartWritingTo(c.t, harness.Ectl(), slices.Concat(c.env, []string{"ETCDCTL_WRITE_OUT=" + o.format, "SAID=" + o.said}), file, args...)
	if o.name == "interactive" {
		fmt.Fprintln(o.run.Stdin, line)
	}
	return &o
}

// tail is the end of a file.
func tail(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	const size = 8 << 10
	if info, err := file.Stat(); err == nil && info.Size() > size {
		_, _ = file.Seek(-size, 2)
	}
	var b bytes.Buffer
	_, _ = b.ReadFrom(file)
	return b.String()
}

// check compares what an onlooker has printed with what happened, up to the value
// mark, or to where the next revision was compacted.
func (c *chaos) check(o *onlooker, mark string) {
	c.t.Helper()
	compacted := false
	until := time.Now().Add(harness.HangTimeout)
	for !strings.Contains(tail(o.file), shown(o.format, mark)) || o.said != "" && !strings.Contains(tail(o.said), mark) {
		if o.run.HasEnded() {
			var next, oldest int64
			how, text := o.run.End(), o.run.Stderr.String()
			_, err := fmt.Sscanf(after(text, "cannot resume at revision "), "%d, because the history before revision %d was", &next, &oldest)
			compacted = err == nil && how == "status 5" && next < oldest
			c.note("watch, %s: %s", how, shape(text))
			if !compacted && (tail(o.file) != "" || !strings.Contains(text, "Error: context deadline exceeded: ")) { // no server answered at its start
				c.t.Errorf("%s has ended with %s, stderr %q", o.name, how, text)
			}
			if !compacted {
				return
			}
			break
		}
		// Of an interactive run only the watch ends.
		if strings.Contains(o.run.Stderr.String(), "cannot resume at revision ") && o.name == "interactive" {
			compacted = true
			o.run.Signal(syscall.SIGINT).WantEnd("signal interrupt")
			break
		}
		if time.Now().After(until) {
			c.t.Errorf("%s does not print the last event: stderr %q, tail %q", o.name, o.run.Stderr, tail(o.file))
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	if !compacted {
		o.run.Signal(syscall.SIGINT).WantEnd("signal interrupt")
		if text := o.run.Stderr.String(); text != "" {
			c.note("watch: %s", shape(text))
		}
	}
	got, err := occurrences(o.format, harness.MustRead(c.t, o.file))
	if err != nil {
		c.t.Errorf("%s: %v", o.name, err)
		return
	}
	want := c.happened("k/", o.from)
	switch {
	case len(got) == 0:
		want = nil
	case o.from == 0:
		i := slices.IndexFunc(want, func(e occurrence) bool { return e.Revision == got[0].Revision })
		want = want[max(0, i):]
	}
	for i := range want {
		if !o.prev || i < len(got) && got[i].Prev == "" { // what was before may have been compacted
			want[i].Prev = ""
		}
		if o.format == "simple" {
			want[i].Revision = 0
		}
	}
	if compacted {
		want = want[:min(len(want), len(got))]
	}
	if !slices.Equal(got, want) {
		i := 0
		for i < len(got) && i < len(want) && got[i] == want[i] {
			i++
		}
		c.t.Errorf("%s: of %d events %d were printed; event %d is %.300q, want %.300q", o.name, len(want), len(got), i,
			fmt.Sprint(got[min(i, len(got)):min(i+3, len(got))]), fmt.Sprint(want[min(i, len(want)):min(i+3, len(want))]))
	}
	if o.said != "" {
		var lines strings.Builder
		for _, e := range got {
			fmt.Fprintf(&lines, "%s %s\n", e.Key, e.Value)
		}
		if said := harness.MustRead(c.t, o.said); said != lines.String() {
			c.t.Errorf("%s: its commands got %d bytes of events, want %d", o.name, len(said), lines.Len())
		}
	}
}

// shown is how a format shows a value.
func shown(format, value string) string {
	if format == "json" {
		return base64.StdEncoding.EncodeToString([]byte(value))
	}
	return value
}

// after is what stands behind a text, empty where that is not there.
func after(s, text string) string {
	_, rest, _ := strings.Cut(s, text)
	return rest
}
