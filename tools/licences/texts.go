package licences

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// WriteTexts writes the licences and notices of the program's modules, and of Go's own
// library, to a file.
func WriteTexts(root, file string) error {
	modules, err := linkedModules(root)
	if err != nil {
		return err
	}
	library, err := standardLibrary()
	if err != nil {
		return err
	}
	modules = append(modules, library)
	slices.SortFunc(modules, func(a, b goModule) int { return strings.Compare(a.Path, b.Path) })
	modules = slices.CompactFunc(modules, func(a, b goModule) bool { return a.Path == b.Path })

	var page bytes.Buffer
	page.WriteString("ectl contains these modules of other authors.\n")
	for _, m := range modules {
		if strings.HasPrefix(m.Path, own) {
			continue
		}
		if err := writeModule(&page, m); err != nil {
			return err
		}
	}
	return os.WriteFile(file, page.Bytes(), 0o644)
}

// writeModule writes the texts of one module.
func writeModule(page *bytes.Buffer, m goModule) error {
	files, err := filesIn(m.Dir, "LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS")
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("%s has no file of a licence", m.Path)
	}
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(m.Dir, file))
		if err != nil {
			return err
		}
		fmt.Fprintf(page, "\n%s\n%s %s: %s\n\n%s\n", strings.Repeat("=", 80), m.Path, m.Version, file, bytes.TrimSpace(text))
	}
	return nil
}

// standardLibrary returns Go's own library in the form of a module.
func standardLibrary() (goModule, error) {
	output, err := exec.Command("go", "env", "GOROOT", "GOVERSION").Output()
	if err != nil {
		return goModule{}, fmt.Errorf("go env: %w", err)
	}
	lines := strings.Split(string(output), "\n")
	return goModule{Path: "std", Version: lines[1], Dir: strings.TrimSpace(lines[0])}, nil
}
