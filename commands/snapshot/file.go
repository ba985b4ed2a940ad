package snapshot

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"google.golang.org/grpc/status"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
)

// file is a file that gets its name when it is complete: until then it is a
// temporary one beside it, which only its owner may read, as it holds all
// secrets of the cluster.
type file struct {
	*os.File
	path string
	kept bool
}

func create(path string) (*file, error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.part")
	if err != nil {
		return nil, err
	}
	return &file{File: temporary, path: path}, nil
}

// keep gives the file its name once its content is on the disk.
func (f *file) keep() error {
	if err := f.Sync(); err != nil {
		return fmt.Errorf("could not fsync snapshot: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("could not close file descriptor: %w", err)
	}
	if err := os.Rename(f.Name(), f.path); err != nil {
		return fmt.Errorf("could not rename the snapshot: %w", err)
	}
	f.kept = true
	// The name is on the disk, too, where folders can be synced at all.
	if folder, err := os.Open(filepath.Dir(f.path)); err == nil {
		_ = folder.Sync()
		_ = folder.Close()
	}
	return nil
}

// discard removes what has not been kept.
func (f *file) discard() {
	if !f.kept {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}
}

// serverError is the server's own words for an error of a stream, which the
// client library leaves in gRPC's.
func serverError(err error) error {
	var coded interface{ GRPCStatus() *status.Status }
	if errors.As(err, &coded) {
		return rpctypes.Error(err)
	}
	return err
}
