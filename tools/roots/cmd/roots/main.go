// Roots prints the certificates of the public authorities in PEM, for an image that has no
// system to take them from. They are those that Mozilla trusts, from a module of the Go
// project. Its version fixes them, so the same commit gives the same file.
package main

import (
	"encoding/pem"
	"fmt"
	"os"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "roots:", err)
		os.Exit(1)
	}
}

func run() error {
	for root := range bundle.Roots() {
		// Mozilla trusts some authorities only for a part of their certificates. A file of
		// certificates cannot express that.
		if root.Constraint != nil {
			continue
		}
		if err := pem.Encode(os.Stdout, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return err
		}
	}
	return nil
}
