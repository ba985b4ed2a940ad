package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// contextsTarget is the largest ratio of CPU to a start without contexts that is wanted.
// The rest is noise.
const contextsTarget = 1.05

// manyContexts is the number of contexts in the file.
const manyContexts = 50

// withContexts measures a small command with a file of many contexts, one of which is
// current, beside the same command without contexts.
func (b *bench) withContexts(ctx context.Context, m measurer, endpoint string) error {
	say("get k with %d contexts", manyContexts)
	home, err := os.MkdirTemp("", "ectl-bench-contexts-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	folder := filepath.Join(home, "with", "ectl")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "current: context%d\n", manyContexts/2)
	for n := range manyContexts {
		fmt.Fprintf(&text, "---\nname: context%d\nendpoints:\n- %s\ncommand-timeout: 10s\nusers:\n  alice:\n    password-file: /nonexistent\n", n, endpoint)
	}
	if err := os.WriteFile(filepath.Join(folder, "contexts.yaml"), []byte(text.String()), 0o600); err != nil {
		return err
	}
	get := func(name string) candidate {
		return candidate{name: name, argv: []string{"/usr/bin/env", "XDG_CONFIG_HOME=" + filepath.Join(home, name), b.ectl, "get", "k"}}
	}
	medians, err := m.alternate(ctx, b.starts, get("with"), get("without"))
	if err != nil {
		return err
	}
	with, without := medians["with"], medians["without"]
	b.report.compare(fmt.Sprintf("get k, %d contexts", manyContexts), "CPU (without contexts)", round(with.cpu), round(without.cpu), ratio(with.cpu, without.cpu), contextsTarget)
	return nil
}
