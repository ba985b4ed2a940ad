package reconcile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/limited"
	"github.com/ectl-io/ectl/internal/secret"
)

// ReadPolicy reads a policy from files, and from all policy files in folders. The
// path secret.Stdin is standard input. An invalid policy returns all its faults with
// the exit status InvalidInput. A file that cannot be read returns an error with the
// exit status IO.
func ReadPolicy(ctx context.Context, stdin io.Reader, paths []string) (policy.Policy, error) {
	return iostreams.Await(ctx, func() (policy.Policy, error) {
		documents, err := readDocuments(stdin, paths)
		if err != nil {
			return policy.Policy{}, exit.With(exit.IO, err)
		}
		p, err := policy.Parse(documents...)
		return p, exit.With(exit.InvalidInput, err)
	})
}

// readDocuments reads the files. Their total size is at most policy.MaxSize.
func readDocuments(stdin io.Reader, paths []string) ([]policy.Document, error) {
	var documents []policy.Document
	left := policy.MaxSize
	for _, path := range paths {
		read, err := readPath(stdin, path, left)
		if tooLarge, ok := errors.AsType[*limited.Error](err); ok {
			tooLarge.Max = policy.MaxSize // the limit for all files together
			if len(paths) > 1 || len(read) > 0 {
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

// readPath reads a file, or the policy files in a folder, with a total of at most
// maxSize bytes. With an error, it returns the files that it read earlier.
func readPath(stdin io.Reader, path string, maxSize int) ([]policy.Document, error) {
	if path == secret.Stdin {
		text, err := limited.ReadAll(stdin, "standard input", maxSize)
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

// filesIn returns the policy files in a folder, sorted by name. Their names end with
// .yaml, .yml or .json.
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
