package rbac

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/limited"
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
	return iostreams.Await(ctx, func() (policy.Policy, error) {
		documents, err := o.documents(f)
		if err != nil {
			return policy.Policy{}, exit.With(exit.IO, err)
		}
		p, err := policy.Parse(documents...)
		return p, exit.With(exit.InvalidInput, err)
	})
}

// documents reads the files, which may have policy.MaxSize together.
func (o *policyFiles) documents(f *cli.Factory) ([]policy.Document, error) {
	var documents []policy.Document
	left := policy.MaxSize
	for _, path := range o.Paths {
		read, err := readDocuments(f, path, left)
		if tooLarge, ok := errors.AsType[*limited.Error](err); ok {
			tooLarge.Max = policy.MaxSize // of all files
			if len(o.Paths) > 1 || len(read) > 0 {
				tooLarge.What = "the policy"
			}
		}
		if err != nil {
			return nil, err
		}
		for _, d := range read {
			left -= len(d.Text)
		}
		documents = append(documents, read...)
	}
	return documents, nil
}

// readDocuments reads a file, or the files in a folder, at most maxSize bytes of
// them together. With an error it returns those that were read before.
func readDocuments(f *cli.Factory, path string, maxSize int) ([]policy.Document, error) {
	if path == secret.Stdin {
		text, err := limited.ReadAll(f.Stdin(), "standard input", maxSize)
		if err != nil {
			return nil, err
		}
		return []policy.Document{{Name: "standard input", Text: text}}, nil
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
		text, err := limited.ReadFile(file, maxSize)
		if err != nil {
			return documents, err
		}
		maxSize -= len(text)
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
