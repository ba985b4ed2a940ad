package output

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// A golden file has what one result is in every format. It is testdata/NAME.golden,
// with a section for each format in the style of txtar. A variant of the result, for example
// with --hex, has its sections in the same file, as VARIANT/FORMAT. The cases are in the
// files golden_TREE_test.go, one for each command tree.
//
// Run one case:               go test ./output -run TestGolden/put-previous
// Run one format of it:       go test ./output -run TestGolden/put-previous/yaml
// Run one of a variant:       go test ./output -run TestGolden/put-previous/hex/yaml
// Write the files of a case:  go test ./output -run TestGolden/put-previous -update

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// goldenCase is one result and how it is printed.
type goldenCase struct {
	name    string   // of the golden file
	variant string   // of the result in this file; empty for the first
	hex     bool     // as with --hex
	formats []Format // that it can be printed in
	result  Result   // nil if it has a way of its own to be printed
	run     func(*Printer) error
}

// show is the case of a result that is printed at once.
func show(name string, r Result) goldenCase {
	return goldenCase{name: name, formats: FormatsOf(r), result: r, run: func(p *Printer) error { return p.Print(r) }}
}

// withHex is the variant of c that is printed with --hex.
func (c goldenCase) withHex() goldenCase {
	c.variant, c.hex = "hex", true
	return c
}

// showParts is the case of a result that is printed in two parts.
func showParts(name string, first Beginning, rest Result) goldenCase {
	return showAll(name, func(p *Printer) error {
		parts := p.Parts()
		if err := parts.Begin(first); err != nil {
			return err
		}
		return parts.Finish(rest)
	})
}

// showAll is the case of a result that has a way of its own to be printed.
func showAll(name string, run func(*Printer) error) goldenCase {
	return goldenCase{name: name, formats: Formats(), run: run}
}

func goldenCases() []goldenCase {
	return slices.Concat(kvCases(), watchCases(), leaseCases(), lockCases(), authCases(), userCases(), roleCases(), rbacCases(), policyCases(), clusterCases(), otherCases())
}

// text is what is printed of c in a format.
func (c goldenCase) text(t *testing.T, format Format) []byte {
	t.Helper()
	var b bytes.Buffer
	p, err := NewPrinter(&b, string(format), c.formats, c.hex)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.run(p); err != nil {
		t.Fatalf("print %s as %s: %v", c.name, format, err)
	}
	if err := p.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (c goldenCase) path() string { return filepath.Join("testdata", c.name+".golden") }

// heading is the name of the section of a format.
func (c goldenCase) heading(format Format) string { return path.Join(c.variant, string(format)) }

// section is what a format wrote, below a heading. It is a hex dump unless it is
// text that can be read and that the next heading follows on a line of its own.
func (c goldenCase) section(t *testing.T, format Format) string {
	t.Helper()
	text := c.text(t, format)
	if len(text) == 0 || isReadable(text) {
		return fmt.Sprintf("-- %s --\n%s", c.heading(format), text)
	}
	return fmt.Sprintf("-- %s, hex dump --\n%s", c.heading(format), hex.Dump(text))
}

func isReadable(text []byte) bool {
	unreadable := func(r rune) bool { return r != '\n' && r != '\t' && unicode.IsControl(r) }
	return utf8.Valid(text) && bytes.HasSuffix(text, []byte("\n")) && !bytes.ContainsFunc(text, unreadable) &&
		!bytes.HasPrefix(text, []byte("-- ")) && !bytes.Contains(text, []byte("\n-- "))
}

// sections returns the sections of a golden file, with their headings.
func sections(file string) map[string]string {
	all := map[string]string{}
	_, file, _ = strings.Cut("\n"+strings.TrimSuffix(file, "\n"), "\n-- ")
	for part := range strings.SplitSeq(file, "\n-- ") {
		name, _, _ := strings.Cut(part, " --")
		all[strings.TrimSuffix(name, ", hex dump")] = "-- " + part + "\n"
	}
	return all
}

// goldenFiles returns the cases of each golden file.
func goldenFiles() (files [][]goldenCase) {
	for _, c := range goldenCases() {
		i := slices.IndexFunc(files, func(file []goldenCase) bool { return file[0].name == c.name })
		if i < 0 {
			files = append(files, []goldenCase{c})
			continue
		}
		files[i] = append(files[i], c)
	}
	return files
}

func TestGolden(t *testing.T) {
	for _, file := range goldenFiles() {
		t.Run(file[0].name, func(t *testing.T) {
			where := file[0].path()
			if *update {
				writeGolden(t, where, file)
			}
			text, err := os.ReadFile(where)
			if err != nil {
				t.Fatalf("%v: write it with -update and read it", err)
			}
			golden, want := sections(string(text)), 0
			for _, c := range file {
				want += len(c.formats)
				for _, format := range c.formats {
					t.Run(c.heading(format), func(t *testing.T) {
						if got, want := c.section(t, format), golden[c.heading(format)]; got != want {
							t.Errorf("printed:\n%s\n%s has:\n%s", got, where, want)
						}
					})
				}
			}
			if len(golden) != want {
				t.Errorf("%s has %d sections, want one for each of %d formats and variants", where, len(golden), want)
			}
		})
	}
}

func writeGolden(t *testing.T, where string, cases []goldenCase) {
	t.Helper()
	var text strings.Builder
	for _, c := range cases {
		for _, format := range c.formats {
			text.WriteString(c.section(t, format))
		}
	}
	if err := os.WriteFile(where, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestEveryGoldenFileBelongsToOneCase(t *testing.T) {
	files, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	cases, known := map[string]bool{}, map[string]bool{}
	for _, c := range goldenCases() {
		known[c.path()] = true
		if name := path.Join(c.name, c.variant); cases[name] {
			t.Errorf("two cases are named %s", name)
		} else {
			cases[name] = true
		}
	}
	for _, file := range files {
		if !known[file] && file != filepath.Join("testdata", "fuzz") {
			t.Errorf("%s belongs to no case: remove it", file)
		}
	}
}

// A result counts as covered if the golden cases name what makes it.
func TestEveryResultHasAGoldenCase(t *testing.T) {
	used := map[string]bool{}
	for _, file := range sources(t, "golden_*_test.go") {
		ast.Inspect(file, func(n ast.Node) bool {
			if name, ok := n.(*ast.Ident); ok {
				used[name.Name] = true
			}
			return true
		})
	}
	for _, name := range declaredResults(t) {
		t.Run(name, func(t *testing.T) {
			if !used[name] {
				t.Error("no golden case prints it")
			}
		})
	}
}

// sources parses files of this package.
func sources(t *testing.T, pattern string) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// declaredResults lists what makes a result: exported types with the methods of
// one, exported functions that return a Change or a MemberChange, and methods of
// the printer that return a stream.
func declaredResults(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, file := range sources(t, "*.go") {
		for _, declaration := range file.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok {
				names = append(names, resultOf(f)...)
			}
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) < 20 {
		t.Fatalf("found only %v in the source", names)
	}
	return names
}

func resultOf(f *ast.FuncDecl) []string {
	if f.Recv == nil {
		if f.Name.IsExported() && f.Type.Results != nil && strings.HasSuffix(typeName(f.Type.Results.List[0].Type), "Change") {
			return []string{f.Name.Name}
		}
		return nil
	}
	switch receiver := typeName(f.Recv.List[0].Type); {
	case receiver == "Printer" && f.Name.IsExported() && f.Type.Results != nil && strings.HasSuffix(typeName(f.Type.Results.List[0].Type), "Stream"):
		return []string{f.Name.Name}
	case f.Name.Name != "Simple" || !ast.IsExported(receiver) || strings.HasSuffix(receiver, "Change"):
		return nil
	default:
		return []string{receiver}
	}
}

func typeName(e ast.Expr) string {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if name, ok := e.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}
