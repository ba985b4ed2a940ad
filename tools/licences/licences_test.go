package licences

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheDocumentIsComparedWithTheModules(t *testing.T) {
	const table = "| module | licence | reason |\n| --- | --- | --- |\n| `a.org/a` | MIT | for a |\n"
	for name, test := range map[string]struct {
		document string
		modules  []module
		want     string // part of the error, or nothing
	}{
		"equal":          {table, []module{{"a.org/a", []string{"MIT"}, false}}, ""},
		"missing":        {table, []module{{"a.org/a", []string{"MIT"}, false}, {"a.org/b", []string{"ISC"}, false}}, "a.org/b is missing"},
		"gone":           {table, nil, "a.org/a is no dependency any more"},
		"other licence":  {table, []module{{"a.org/a", []string{"ISC"}, false}}, `"ISC", not "MIT"`},
		"no reason":      {strings.Replace(table, "for a", " ", 1), []module{{"a.org/a", []string{"MIT"}, false}}, "no reason"},
		"not permissive": {strings.Replace(table, "MIT", "GPL-3.0", 1), []module{{"a.org/a", []string{"GPL-3.0"}, false}}, "not permissive"},
		"tool":           {strings.Replace(table, "MIT", "GPL-3.0", 1), []module{{"a.org/a", []string{"GPL-3.0"}, true}}, ""},
		"no licence":     {strings.Replace(table, "MIT", "", 1), []module{{"a.org/a", nil, false}}, "no licence"},
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := readRows(test.document)
			if err != nil {
				t.Fatal(err)
			}
			err = compare(test.modules, rows)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestLicencesAreReadFromTheirText(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	apache, err := os.ReadFile("../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	write("LICENSE", string(apache))
	write("COPYING.other", "You may do with this what the author allows on Sundays.")
	write("main.go", "package main")
	licences, err := licencesIn(folder)
	if err != nil || strings.Join(licences, "; ") != "Apache-2.0; unknown (COPYING.other)" {
		t.Errorf("got %q, %v", licences, err)
	}
}

func TestTheTextsOfAModuleAreItsLicencesAndNotices(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"LICENSE.md": "the licence\n\n", "NOTICE": "the notice", "README": "something else", "license.go": "package main"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var page bytes.Buffer
	if err := writeModule(&page, goModule{Path: "a.org/a", Version: "v1.2.3", Dir: folder}); err != nil {
		t.Fatal(err)
	}
	line := strings.Repeat("=", 80)
	want := "\n" + line + "\na.org/a v1.2.3: LICENSE.md\n\nthe licence\n\n" + line + "\na.org/a v1.2.3: NOTICE\n\nthe notice\n"
	if page.String() != want {
		t.Errorf("got\n%s\nwant\n%s", page.String(), want)
	}
	if err := writeModule(&page, goModule{Path: "a.org/b", Dir: t.TempDir()}); err == nil {
		t.Error("a module without a licence is accepted")
	}
}
