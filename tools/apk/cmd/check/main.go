// Check checks packages of Alpine Linux, and prints their files.
//
//	check FILE...
//
// Each line is a file as apk.File writes it.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/ectl-io/ectl/tools/apk"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(1)
	}
}

func run(files []string, to io.Writer) error {
	out := bufio.NewWriter(to)
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		p, err := apk.Check(content)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
		if name := p.Name(); filepath.Base(file) != name {
			return fmt.Errorf("%s: its name should be %s", filepath.Base(file), name)
		}
		for _, f := range p.Files {
			_, _ = fmt.Fprintln(out, f) // Flush returns the error
		}
	}
	return out.Flush()
}
