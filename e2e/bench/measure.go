package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// usage is what one run of a program took.
type usage struct {
	wall   time.Duration
	cpu    time.Duration // of user and kernel
	memory int64         // peak resident, bytes
}

// candidate is one program in a comparison, with what it is to do.
type candidate struct {
	name  string
	argv  []string
	until string // the text on a terminal after which it is ended; empty: it ends by itself
}

// measurer starts programs through the launch program, which says why.
type measurer struct {
	launch  string
	environ []string
	pipe    bool // the output is read
	lines   int  // of output, after which the program is ended; 0: it ends by itself
	fails   bool // it ends with another status than 0, as it should

	terminal bool   // the program runs in a terminal
	typed    string // the file that is typed there; empty: nothing is typed
	until    string // as in candidate

	// before is called before each run, and not measured.
	before func() error
}

// start starts a server and returns what measures commands on it, with environ
// in their environment.
func (b *bench) start(ctx context.Context, options etcdserver.Options, environ ...string) (*etcdserver.Server, measurer, error) {
	server, err := etcdserver.Start(ctx, options)
	if err != nil {
		return nil, measurer{}, err
	}
	return server, measurer{launch: b.launch, environ: append(environ,
		"ETCDCTL_ENDPOINTS="+server.Endpoint(),
		"HOME="+server.Dir(),
		"PATH="+os.Getenv("PATH"),
	)}, nil
}

// startFilled is start of a server on which fill has written something.
func (b *bench) startFilled(ctx context.Context, options etcdserver.Options, fill func(*clientv3.Client) error) (*etcdserver.Server, measurer, error) {
	server, m, err := b.start(ctx, options)
	if err != nil {
		return nil, measurer{}, err
	}
	client, err := server.Client("", "")
	if err == nil {
		err = errors.Join(fill(client), client.Close())
	}
	if err != nil {
		server.Stop()
		return nil, measurer{}, fmt.Errorf("fill the server: %w", err)
	}
	return server, m, nil
}

// both measures the same arguments of the two programs.
func (b *bench) both(ctx context.Context, m measurer, runs int, args ...string) (ours, theirs usage, err error) {
	return b.beside(ctx, m, runs, args, args)
}

// beside measures arguments of ours beside others of etcdctl.
func (b *bench) beside(ctx context.Context, m measurer, runs int, ours, theirs []string) (a, z usage, err error) {
	medians, err := m.alternate(ctx, runs,
		candidate{name: "ectl", argv: append([]string{b.ectl}, ours...)},
		candidate{name: "etcdctl", argv: append([]string{b.etcdctl}, theirs...)})
	return medians["ectl"], medians["etcdctl"], err
}

// leastRuns is how often what depends on a server's rounds is measured.
const leastRuns = 5

// alternate runs the candidates in turn, A B A B, so that whatever else the
// machine does meets all of them, and returns the medians of each by its name.
func (m measurer) alternate(ctx context.Context, runs int, candidates ...candidate) (map[string]usage, error) {
	samples := map[string][]usage{}
	for range runs {
		for _, c := range candidates {
			m.until = c.until
			u, err := m.run(ctx, c.argv)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			samples[c.name] = append(samples[c.name], u)
		}
	}
	medians := map[string]usage{}
	for name, s := range samples {
		medians[name] = usage{
			wall:   median(s, func(u usage) time.Duration { return u.wall }),
			cpu:    median(s, func(u usage) time.Duration { return u.cpu }),
			memory: median(s, func(u usage) int64 { return u.memory }),
		}
	}
	return medians, nil
}

// run runs argv once. A program that fails was not measured.
func (m measurer) run(ctx context.Context, argv []string) (usage, error) {
	if m.before != nil {
		if err := m.before(); err != nil {
			return usage{}, err
		}
	}
	cmd := exec.CommandContext(ctx, m.launch, append(m.options(), argv...)...)
	cmd.Env = m.environ
	if m.terminal {
		cmd.Env = append(slices.Clip(cmd.Env), "TERM=xterm-256color")
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return usage{}, fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, stderr.String())
	}
	var wall, user, kernel, memory, status int64
	if _, err := fmt.Sscan(stdout.String(), &wall, &user, &kernel, &memory, &status); err != nil {
		return usage{}, fmt.Errorf("what launch said of %s: %w", strings.Join(argv, " "), err)
	}
	if (status != 0) != m.fails {
		return usage{}, fmt.Errorf("%s: exit status %d: %s", strings.Join(argv, " "), status, stderr.String())
	}
	return usage{
		wall:   time.Duration(wall) * time.Microsecond,
		cpu:    time.Duration(user+kernel) * time.Microsecond,
		memory: memory << 10,
	}, nil
}

// options returns the options of the launch program.
func (m measurer) options() []string {
	var options []string
	if m.pipe {
		options = append(options, "-pipe")
	}
	if m.lines > 0 {
		options = append(options, "-lines", strconv.Itoa(m.lines))
	}
	if m.terminal {
		options = append(options, "-terminal")
	}
	if m.typed != "" {
		options = append(options, "-type", m.typed)
	}
	if m.until != "" {
		options = append(options, "-until", m.until)
	}
	return options
}

func median[T int64 | time.Duration](samples []usage, of func(usage) T) T {
	values := make([]T, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	slices.Sort(values)
	return values[len(values)/2]
}
