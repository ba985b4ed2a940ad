package rbac

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/cli"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/policy"
	"github.com/ectl-io/ectl/internal/secret"
)

// policyFiles are the files that a command reads a policy from.
type policyFiles struct {
	Paths []string // of files and folders; secret.Stdin is standard input
}

const flagFile = "file"

func (o *policyFiles) addFlags(fs *pflag.FlagSet) {
	fs.StringArrayVarP(&o.Paths, flagFile, "f", nil, "policy `file`, or folder of them (-: standard input); repeatable")
}

func (o *policyFiles) validate() error {
	if len(o.Paths) == 0 {
		return exit.BadArgsf("say with -f which policy file is meant")
	}
	return nil
}

// read reads the policy. The error has all its faults, and ends with the status
// InvalidInput.
func (o *policyFiles) read(ctx context.Context, f *cli.Factory) (policy.Policy, error) {
	var documents []policy.Document
	for _, path := range o.Paths {
		read, err := iostreams.Await(ctx, func() ([]policy.Document, error) { return readDocuments(f, path) })
		if err != nil {
			return policy.Policy{}, exit.With(exit.IO, err)
		}
		documents = append(documents, read...)
	}
	p, err := policy.Parse(documents...)
	return p, exit.With(exit.InvalidInput, err)
}

func readDocuments(f *cli.Factory, path string) ([]policy.Document, error) {
	if path == secret.Stdin {
		text, err := io.ReadAll(f.Stdin())
		return []policy.Document{{Name: "standard input", Text: text}}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	files := []string{path}
	if info.IsDir() {
		if files, err = filesIn(path); err != nil {
			return nil, err
		}
	}
	documents := make([]policy.Document, 0, len(files))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		documents = append(documents, policy.Document{Name: file, Text: text})
	}
	return documents, nil
}

// filesIn returns the policy files in a folder, by name: those that end as YAML
// and JSON do.
func filesIn(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		if !entry.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(entry.Name())) {
			files = append(files, filepath.Join(folder, entry.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s has no files that end with .yaml, .yml or .json", folder)
	}
	return files, nil
}
