package snapshot

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"

	"github.com/ectl-io/ectl/internal/atomicfile"
)

// The offsets of the fields in a database's first page, in bytes, and their limits.
// After 16 bytes of header come the magic number, the version, the page size and others.
// They have the byte order of the server's machine. The number of pages is at pagesAt,
// and the FNV-1a hash of the previous fields is at sumAt. See
// https://github.com/etcd-io/bbolt, internal/common/meta.go.
const (
	metaAt        = 16
	magic         = 0xED0CDAED
	formatVersion = 2
	versionAt     = metaAt + 4
	pageSizeAt    = metaAt + 8
	pagesAt       = metaAt + 40
	sumAt         = metaAt + 56
	headSize      = sumAt + 8
	minPages      = 4 // of an empty database
	minPageSize   = 512
	maxPageSize   = 64 << 10
)

// head is the beginning of a file, which identifies a database.
type head []byte

// Write implements io.Writer. It keeps only the bytes of the head.
func (h *head) Write(p []byte) (int, error) {
	*h = append(*h, p[:min(len(p), headSize-len(*h))]...)
	return len(p), nil
}

// layout holds the fields of the head that describe the whole file.
type layout struct {
	pageSize int64
	pages    uint64
}

// read returns an error if the head is not that of a database.
func (h head) read() (l layout, err error) {
	if len(h) < headSize {
		return l, fmt.Errorf("its %d bytes are fewer than the head of a database", len(h))
	}
	var order binary.ByteOrder = binary.LittleEndian
	if order.Uint32(h[metaAt:]) != magic {
		order = binary.BigEndian
	}
	if order.Uint32(h[metaAt:]) != magic {
		return l, errors.New("it does not start like one")
	}
	if version := order.Uint32(h[versionAt:]); version != formatVersion {
		return l, fmt.Errorf("its format version is %d, not %d", version, formatVersion)
	}
	sum := fnv.New64a()
	_, _ = sum.Write(h[metaAt:sumAt]) // it never fails
	if sum.Sum64() != order.Uint64(h[sumAt:]) {
		return l, errors.New("its head is damaged")
	}
	return layout{int64(order.Uint32(h[pageSizeAt:])), order.Uint64(h[pagesAt:])}, nil
}

// verify returns an error if a file of size bytes with this head is not a complete
// database.
func (h head) verify(size int64) error {
	l, err := h.read()
	switch {
	case err != nil:
		return err
	case l.pageSize < minPageSize || l.pageSize > maxPageSize || l.pages < minPages:
		return fmt.Errorf("its head claims %d pages of %d bytes", l.pages, l.pageSize)
	case size%l.pageSize != 0 || uint64(size/l.pageSize) < l.pages:
		return fmt.Errorf("it has %d bytes, not the %d pages of %d bytes that its head claims", size, l.pages, l.pageSize)
	}
	return nil
}

// Replacing returns a warning if a snapshot at path will replace a file that is not a
// database.
func Replacing(path string) (warning string) {
	info, err := os.Lstat(path)
	if err != nil { // no file exists
		return ""
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return fmt.Sprintf("the snapshot will replace the symbolic link %s, not its target", path)
	}
	file, err := atomicfile.Open(path)
	if err != nil {
		return fmt.Sprintf("the snapshot will replace %s, which may not be a database: %v", path, err)
	}
	defer file.Close()
	if info.Size() == 0 {
		return fmt.Sprintf("the snapshot will replace %s, which is not a database: it is empty", path)
	}
	var begin head
	if _, err = io.CopyN(&begin, file, headSize); err == nil || errors.Is(err, io.EOF) {
		_, err = begin.read()
	}
	if err != nil {
		return fmt.Sprintf("the snapshot will replace %s, which is not a database: %v", path, err)
	}
	return ""
}
