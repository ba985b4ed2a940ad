package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
	"google.golang.org/protobuf/proto"

	"go.etcd.io/etcd/api/v3/mvccpb"

	"github.com/ectl-io/ectl/internal/exit"
)

// changedDatabase returns the bytes of a database in which the keys a and b were written at the
// revisions 2 and 3, and a was deleted at 4.
func changedDatabase(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "db")
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{PageSize: 4096})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		key, err := tx.CreateBucket([]byte(bucketKey))
		if err != nil {
			return err
		}
		for _, change := range []struct {
			revision uint64
			key      string
			deleted  bool
		}{{2, "a", false}, {3, "b", false}, {4, "a", true}} {
			revision := append(binary.BigEndian.AppendUint64(nil, change.revision), '_')
			revision = binary.BigEndian.AppendUint64(revision, 0)
			if change.deleted {
				revision = append(revision, deletionMark)
			}
			value, err := proto.Marshal(&mvccpb.KeyValue{Key: []byte(change.key), Value: []byte("v"), ModRevision: int64(change.revision)})
			if err != nil {
				return err
			}
			if err := key.Put(revision, value); err != nil {
				return err
			}
		}
		meta, err := tx.CreateBucket([]byte(bucketMeta))
		if err != nil {
			return err
		}
		return meta.Put([]byte(keyStorageVersion), []byte("3.7.0"))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestTheStatusOfASnapshotIsThatOfEtcdutl(t *testing.T) {
	content := changedDatabase(t)
	sum := sha256.Sum256(content)
	snapshot := append(append([]byte(nil), content...), sum[:]...)
	damaged := func(from []byte, at int) []byte {
		changed := append([]byte(nil), from...)
		changed[at] ^= 1
		return changed
	}
	// The hash and the other values are those that "etcdutl snapshot status" of etcd
	// 3.7.3 prints for this file.
	want := Status{Hash: 892396603, Revision: 4, Keys: 1, Size: 24576, Version: "3.7.0", Checksum: true}
	without := want
	without.Checksum = false
	for _, test := range []struct {
		name    string
		content []byte
		want    Status
		err     string // part of it
	}{
		{"a snapshot", snapshot, want, ""},
		{"a database", content, without, ""},
		{"a byte is different", damaged(snapshot, len(snapshot)/2), Status{}, "is damaged: its SHA-256 checksum does not match"},
		{"the checksum is different", damaged(snapshot, len(snapshot)-1), Status{}, "its SHA-256 checksum does not match"},
		{"the head is different", damaged(content, metaAt+8), Status{}, "is not a complete database: its head is damaged"},
		{"the end is missing", content[:4*4096], Status{}, "is not a complete database: it has"},
		{"a part is missing", snapshot[:4096*2+32], Status{}, "is not a complete database: it has"},
		{"text", []byte("apiVersion: ectl/v1\n"), Status{}, "fewer than the head of a database"},
		{"nothing", nil, Status{}, "fewer than the head of a database"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(path, test.content, 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := ReadStatus(t.Context(), path)
			if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("%+v, %v; want %+v and %q", got, err, test.want, test.err)
			}
		})
	}
	if _, err := ReadStatus(t.Context(), filepath.Join(t.TempDir(), "missing")); exit.CodeOf(err) != exit.IO {
		t.Errorf("a file that does not exist: %v, want status %d", err, exit.IO)
	}
	if _, err := ReadStatus(t.Context(), t.TempDir()); exit.CodeOf(err) != exit.IO {
		t.Errorf("a folder: %v, want status %d", err, exit.IO)
	}
}

// bbolt would end the process at many of these files.
func TestADamagedDatabaseIsReported(t *testing.T) {
	content := changedDatabase(t)
	path := filepath.Join(t.TempDir(), "file")
	const pageSize = 4096
	reported := 0
	for page := 2 * pageSize; page < len(content); page += pageSize {
		for at := page; at < page+80; at++ {
			for _, value := range []byte{0xff, content[at] ^ 1} {
				if value == content[at] {
					continue
				}
				changed := append([]byte(nil), content...)
				changed[at] = value
				if err := os.WriteFile(path, changed, 0o600); err != nil {
					t.Fatal(err)
				}
				if _, err := ReadStatus(t.Context(), path); err != nil {
					reported++
				}
			}
		}
	}
	if reported < 100 {
		t.Errorf("only %d changes of a byte were reported", reported)
	}
}

func TestCheckPages(t *testing.T) {
	const pageSize = 4096
	content := changedDatabase(t)
	root := int(binary.NativeEndian.Uint64(content[rootAt:]))
	if second := content[pageSize:]; binary.NativeEndian.Uint64(second[txidAt:]) > binary.NativeEndian.Uint64(content[txidAt:]) {
		root = int(binary.NativeEndian.Uint64(second[rootAt:]))
	}
	page := content[root*pageSize:]
	element := pageHeader
	bucket := element + int(binary.NativeEndian.Uint32(page[element+4:])+binary.NativeEndian.Uint32(page[element+8:]))
	for _, test := range []struct {
		name   string
		change func(page []byte)
		want   string // part of the error
	}{
		{"no change", func([]byte) {}, ""},
		{"another ID", func(p []byte) { binary.NativeEndian.PutUint64(p, 99) }, "the header of page"},
		{"an unknown kind", func(p []byte) { binary.NativeEndian.PutUint16(p[8:], 0x33) }, "is damaged"},
		{"too many elements", func(p []byte) { binary.NativeEndian.PutUint16(p[10:], 0xfffe) }, "is damaged"},
		{"pages after the end", func(p []byte) { binary.NativeEndian.PutUint32(p[12:], 1000) }, "the header of page"},
		{"a key outside the page", func(p []byte) { binary.NativeEndian.PutUint32(p[element+4:], 1<<20) }, "is damaged"},
		{"a value outside the page", func(p []byte) { binary.NativeEndian.PutUint32(p[element+12:], 1<<30) }, "is damaged"},
		{"a short bucket", func(p []byte) { binary.NativeEndian.PutUint32(p[element+12:], 1) }, "is damaged"},
		{"a cycle", func(p []byte) { binary.NativeEndian.PutUint64(p[bucket:], uint64(root)) }, "is used twice"},
		{"a page that does not exist", func(p []byte) { binary.NativeEndian.PutUint64(p[bucket:], 1<<40) }, "which does not exist"},
	} {
		t.Run(test.name, func(t *testing.T) {
			changed := append([]byte(nil), content...)
			test.change(changed[root*pageSize:])
			err := checkPages(bytes.NewReader(changed), int64(len(changed)))
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}
