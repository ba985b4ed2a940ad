package snapshot

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"time"

	"github.com/coreos/go-semver/semver"
	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/progress"
	"github.com/ectl-io/ectl/internal/quantity"
)

// Status describes a database file.
type Status struct {
	Hash     uint32 // CRC-32 (Castagnoli) of all buckets
	Revision int64
	Keys     int    // that exist at the revision
	Size     int64  // of the database in bytes, without the checksum of a snapshot
	Version  string // of the storage; empty for databases of servers before 3.6
	Checksum bool   // the file ends with a checksum, as a snapshot does
}

// lockTimeout is the maximum wait for a file that a running member has locked.
const lockTimeout = time.Second

// ReadStatus checks the integrity of the database file at path, and describes it. The file
// is a snapshot, or a copy of a member's database.
func ReadStatus(ctx context.Context, path string) (Status, error) {
	ctx, checked := progress.Begin(ctx, func() string { return "Checking " + path })
	defer checked()
	return iostreams.Await(ctx, func() (Status, error) {
		checksum, err := checkFile(path)
		if err != nil {
			return Status{}, err
		}
		db, err := bbolt.Open(path, 0, &bbolt.Options{ReadOnly: true, Timeout: lockTimeout})
		if errors.Is(err, bbolterrors.ErrTimeout) {
			err = errors.New("a process has locked it: copy the database of a running member with \"snapshot save\"")
		}
		if err != nil {
			return Status{}, fmt.Errorf("%s: %w", path, err)
		}
		defer func() { _ = db.Close() }() // nothing was written
		s := Status{Checksum: checksum}
		if err := db.View(s.read); err != nil {
			return Status{}, fmt.Errorf("%s is damaged: %w", path, err)
		}
		return s, nil
	})
}

// checkFile returns an error unless the file at path is a complete database. checksum
// reports whether it ends with a checksum, which is then correct. bbolt must not read
// other files, because it would crash.
func checkFile(path string) (checksum bool, err error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return false, exit.With(exit.IO, err)
	case !info.Mode().IsRegular():
		return false, exit.With(exit.IO, fmt.Errorf("%s is not a regular file", path))
	}
	file, err := os.Open(path)
	if err != nil {
		return false, exit.With(exit.IO, err)
	}
	defer file.Close()
	sum := newChecksum()
	if _, err := io.Copy(sum, file); err != nil {
		return false, exit.With(exit.IO, err)
	}
	size := sum.size
	if checksum = size%sectorSize == sha256.Size; checksum {
		size -= sha256.Size
	}
	if err := sum.head.verify(size); err != nil {
		return false, fmt.Errorf("%s is not a complete database: %w", path, err)
	}
	if checksum && !bytes.Equal(sum.hash.Sum(nil), sum.tail) {
		return false, fmt.Errorf("%s is damaged: its SHA-256 checksum does not match", path)
	}
	if err := checkPages(file, size); err != nil {
		return false, fmt.Errorf("%s is damaged: %w", path, err)
	}
	return checksum, nil
}

// Buckets and keys of a member's database.
const (
	bucketKey         = "key"
	bucketMeta        = "meta"
	keyStorageVersion = "storageVersion"
)

// read reads s from the database, and checks its pages.
func (s *Status) read(tx *bbolt.Tx) error {
	var first error
	faults := 0
	for err := range tx.Check() {
		if faults++; first == nil {
			first = err
		}
	}
	if faults > 0 {
		return fmt.Errorf("its pages have %s, first: %w", quantity.Of(faults, "fault"), first)
	}
	s.Size = tx.Size()
	if meta := tx.Bucket([]byte(bucketMeta)); meta != nil {
		if version, err := semver.NewVersion(string(meta.Get([]byte(keyStorageVersion)))); err == nil {
			s.Version = version.String()
		}
	}
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	present := map[string]struct{}{}
	err := tx.ForEach(func(name []byte, bucket *bbolt.Bucket) error {
		if bucket == nil {
			return fmt.Errorf("its entry %q is not a bucket", name)
		}
		_, _ = sum.Write(name)
		if string(name) != bucketKey {
			return bucket.ForEach(func(k, v []byte) error { return hashPair(sum, k, v) })
		}
		return bucket.ForEach(func(k, v []byte) error {
			_ = hashPair(sum, k, v)
			return s.addRevision(present, k, v)
		})
	})
	s.Keys, s.Hash = len(present), sum.Sum32()
	return err
}

func hashPair(sum hash.Hash32, k, v []byte) error {
	_, _ = sum.Write(k) // it never fails
	_, _ = sum.Write(v)
	return nil
}

// The form of a revision: 8 bytes of the main revision, an underscore, 8 bytes of the
// number of the change in its transaction, and a mark if the change deletes the key.
const (
	mainSize      = 8
	revisionSize  = 2*mainSize + 1
	deletionMark  = 't'
	fieldKeyOfKV  = 1 // of mvccpb.KeyValue
	tombstoneSize = revisionSize + 1
)

// addRevision adds the change of one key to s and to the keys that are present.
func (s *Status) addRevision(present map[string]struct{}, revision, value []byte) error {
	deleted := len(revision) == tombstoneSize && revision[revisionSize] == deletionMark
	if len(revision) != revisionSize && !deleted {
		return fmt.Errorf("%x is not a revision", revision)
	}
	s.Revision = int64(binary.BigEndian.Uint64(revision[:mainSize]))
	key, err := keyOf(value)
	switch {
	case err != nil:
		return fmt.Errorf("the value of revision %d: %w", s.Revision, err)
	case deleted:
		delete(present, string(key))
	default:
		present[string(key)] = struct{}{}
	}
	return nil
}

// keyOf returns the key of an encoded mvccpb.KeyValue.
func keyOf(message []byte) (key []byte, err error) {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		message = message[n:]
		if number == fieldKeyOfKV && kind == protowire.BytesType {
			if key, n = protowire.ConsumeBytes(message); n < 0 {
				return nil, protowire.ParseError(n)
			}
		} else if n = protowire.ConsumeFieldValue(number, kind, message); n < 0 {
			return nil, protowire.ParseError(n)
		}
		message = message[n:]
	}
	return key, nil
}
