// Check checks packages of Alpine Linux, and prints their files.
//
//	check FILE...
//
// Each line has the mode, the owner and the group of a file, and its path. Links have their target
// after an arrow.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/ectl-io/ectl/tools/apk"
)

func main() {
	for _, file := range os.Args[1:] {
		if err := check(file); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", filepath.Base(file), err)
			os.Exit(1)
		}
	}
}

func check(file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	p, err := apk.Check(content)
	if err != nil {
		return err
	}
	// The name is that of a package in a repository of Alpine, apart from its separators.
	want := fmt.Sprintf("%s_%s_%s.apk", p.Field("pkgname"), p.Field("pkgver"), p.Field("arch"))
	if filepath.Base(file) != want {
		return fmt.Errorf("its name should be %s", want)
	}
	for _, f := range p.Files {
		fmt.Printf("%04o %s:%s %s", f.Mode&0o7777, f.Owner, f.Group, f.Path)
		if f.Link != "" {
			fmt.Printf(" -> %s", f.Link)
		}
		fmt.Println()
	}
	return nil
}
