// Licences checks docs/dependencies.md, or writes the licences of the program's modules.
//
//	licences [-texts FILE] [ROOT]
//
// With -texts it writes the licences and notices of the modules that are compiled into the
// program to FILE. They are distributed together with the program.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/ectl-io/ectl/tools/licences"
)

func main() {
	texts := flag.String("texts", "", "`file` for the licences of the program's modules")
	flag.Parse()
	root := "."
	if flag.NArg() > 0 {
		root = flag.Arg(0)
	}
	if err := run(root, *texts); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

func run(root, texts string) error {
	if texts != "" {
		return licences.WriteTexts(root, texts)
	}
	n, err := licences.Check(root)
	if err != nil {
		return err
	}
	fmt.Printf("%s has all %d modules with their licences\n", licences.Document, n)
	return nil
}
