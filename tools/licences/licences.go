// Package licences checks docs/dependencies.md against the modules that ectl depends on.
//
// Every module that is compiled into the program, on any released platform, must be in a
// table of that Document, and so must every direct dependency of the tests and every tool.
// The table must name the licences that the module's own files have, and a reason.
// Licences of the program and of its tests must be permissive. Tools are only run, so any
// licence will do for them.
package licences

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// Document holds the tables, below the root of the project.
const Document = "docs/dependencies.md"

// own begins the paths of the project's modules.
const own = "github.com/ectl-io/ectl"

// permissive are the SPDX names of the licences that the program and its tests may have.
func permissive() []string {
	return []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"}
}

// platforms are the operating systems of the released archives.
func platforms() []string { return []string{"linux", "darwin", "windows", "freebsd"} }

// Check compares the document with the modules of the project in the folder root. It returns
// the number of modules that the document must list.
func Check(root string) (int, error) {
	text, err := os.ReadFile(filepath.Join(root, Document))
	if err != nil {
		return 0, err
	}
	modules, err := modulesOf(root)
	if err != nil {
		return 0, err
	}
	if len(modules) < 20 {
		return 0, fmt.Errorf("only %d modules were found: go list is read wrongly", len(modules))
	}
	rows, err := readRows(string(text))
	return len(modules), errors.Join(err, compare(modules, rows))
}

// module is a module that ectl depends on.
type module struct {
	Path     string
	Licences []string // SPDX names, in order
	Tool     bool     // the module is run, and not linked
}

// row is one line of a table of the document.
type row struct{ Path, Licences, Reason string }

// compare returns an error for each difference between the modules and the document.
func compare(modules []module, rows map[string]row) error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(Document+": "+format, args...)) }
	known := map[string]bool{}
	for _, m := range modules {
		known[m.Path] = true
		licences := strings.Join(m.Licences, ", ")
		listed, ok := rows[m.Path]
		switch {
		case !ok:
			fault("%s is missing; its licences are %q", m.Path, licences)
		case listed.Licences != licences:
			fault("%s has the licences %q, not %q", m.Path, licences, listed.Licences)
		case listed.Reason == "":
			fault("%s has no reason", m.Path)
		}
		for _, licence := range m.Licences {
			if !m.Tool && !slices.Contains(permissive(), licence) {
				fault("%s has the licence %s, which is not permissive", m.Path, licence)
			}
		}
		if len(m.Licences) == 0 {
			fault("%s has no licence that is known", m.Path)
		}
	}
	for path := range rows {
		if !known[path] {
			fault("%s is no dependency any more", path)
		}
	}
	return errors.Join(faults...)
}

// readRows reads the rows of all tables whose first cell is a module in a code span.
func readRows(text string) (map[string]row, error) {
	rows := map[string]row{}
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 3 || !strings.HasPrefix(strings.TrimSpace(cells[0]), "`") {
			continue
		}
		r := row{strings.Trim(strings.TrimSpace(cells[0]), "`"), strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2])}
		if _, twice := rows[r.Path]; twice {
			return nil, fmt.Errorf("%s: %s is listed twice", Document, r.Path)
		}
		rows[r.Path] = r
	}
	return rows, nil
}

// modulesOf returns the modules that the program, its tests and its tools depend on.
func modulesOf(root string) ([]module, error) {
	found := map[string]module{}
	add := func(listed []goModule, tool bool) error {
		for _, m := range listed {
			if _, ok := found[m.Path]; ok || strings.HasPrefix(m.Path, own) {
				continue
			}
			licences, err := licencesIn(m.Dir)
			if err != nil {
				return fmt.Errorf("%s: %w", m.Path, err)
			}
			found[m.Path] = module{m.Path, licences, tool}
		}
		return nil
	}
	linked, err := linkedModules(root)
	if err == nil {
		err = add(linked, false)
	}
	if err != nil {
		return nil, err
	}
	tests, err := list(filepath.Join(root, "e2e"), "linux", "-deps", "-test", "-tags", "grpcnotrace", "-json=Module", "./...")
	if err == nil {
		direct, listErr := directOf(filepath.Join(root, "e2e"))
		tests = slices.DeleteFunc(tests, func(m goModule) bool { return !direct[m.Path] })
		err = errors.Join(listErr, add(tests, false))
	}
	if err != nil {
		return nil, err
	}
	folders, err := filepath.Glob(filepath.Join(root, "tools", "*", "go.mod"))
	if err != nil {
		return nil, err
	}
	servers, err := filepath.Glob(filepath.Join(root, "e2e", "tools", "*", "go.mod"))
	if err != nil {
		return nil, err
	}
	for _, file := range append(folders, servers...) {
		tools, err := list(filepath.Dir(file), "linux", "-json=Module", "tool")
		if err == nil {
			err = add(tools, true)
		}
		if err != nil {
			return nil, err
		}
	}
	programs, err := filepath.Glob(filepath.Join(root, "tools", "*", "cmd", "*", "main.go"))
	if err != nil {
		return nil, err
	}
	for _, file := range programs {
		imports, err := list(filepath.Dir(file), "linux", "-deps", "-json=Module", ".")
		if err == nil {
			err = add(imports, true)
		}
		if err != nil {
			return nil, err
		}
	}
	modules := make([]module, 0, len(found))
	for _, m := range found {
		modules = append(modules, m)
	}
	slices.SortFunc(modules, func(a, b module) int { return strings.Compare(a.Path, b.Path) })
	return modules, nil
}

// linkedModules returns the modules that are compiled into the program on any released
// platform. A module can be listed several times.
func linkedModules(root string) ([]goModule, error) {
	var all []goModule
	for _, platform := range platforms() {
		linked, err := list(root, platform, "-deps", "-tags", "grpcnotrace", "-json=Module", "./cmd/ectl")
		if err != nil {
			return nil, err
		}
		all = append(all, linked...)
	}
	return all, nil
}

// goModule is what `go list` prints of a module.
type goModule struct {
	Path, Version, Dir string
	Replace            *goModule
}

// list runs `go list` in a folder and returns the modules of the packages that it prints.
func list(folder, platform string, args ...string) ([]goModule, error) {
	output, err := goCommand(folder, platform, append([]string{"list"}, args...)...)
	if err != nil {
		return nil, err
	}
	var modules []goModule
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var listed struct{ Module *goModule }
		if err := decoder.Decode(&listed); errors.Is(err, io.EOF) {
			return modules, nil
		} else if err != nil {
			return nil, err
		}
		if listed.Module != nil {
			modules = append(modules, *listed.Module)
		}
	}
}

// directOf returns the modules that the go.mod of a folder requires directly.
func directOf(folder string) (map[string]bool, error) {
	output, err := goCommand(folder, "linux", "mod", "edit", "-json")
	if err != nil {
		return nil, err
	}
	var file struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(output, &file); err != nil {
		return nil, err
	}
	direct := map[string]bool{}
	for _, m := range file.Require {
		direct[m.Path] = !m.Indirect
	}
	return direct, nil
}

func goCommand(folder, platform string, args ...string) ([]byte, error) {
	command := exec.Command("go", args...)
	command.Dir = folder
	command.Env = append(os.Environ(), "GOOS="+platform, "GOARCH=amd64", "CGO_ENABLED=0", "GOWORK=off")
	var stderr bytes.Buffer
	command.Stderr = &stderr
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s in %s: %w\n%s", strings.Join(args, " "), folder, err, &stderr)
	}
	return output, nil
}

// covered is the minimum share of a file, in percent, that must be the text of a known
// licence.
const covered = 75

// licencesIn returns the licences of the files in the top folder of a module.
func licencesIn(folder string) ([]string, error) {
	files, err := filesIn(folder, "LICENSE", "LICENCE", "COPYING")
	if err != nil {
		return nil, err
	}
	var licences []string
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			return nil, err
		}
		coverage := licensecheck.Scan(text)
		if coverage.Percent < covered {
			licences = append(licences, fmt.Sprintf("unknown (%s)", file))
		}
		for _, match := range coverage.Match {
			if !match.IsURL && !slices.Contains(licences, match.ID) {
				licences = append(licences, match.ID)
			}
		}
	}
	slices.Sort(licences)
	return licences, nil
}

// filesIn returns the names of the files in a folder that begin with one of the words, in
// any case.
func filesIn(folder string, words ...string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		name := strings.ToUpper(entry.Name())
		begins := slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(name, word) })
		if begins && !entry.IsDir() && filepath.Ext(name) != ".GO" {
			files = append(files, entry.Name())
		}
	}
	return files, nil
}
