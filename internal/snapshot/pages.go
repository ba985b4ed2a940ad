package snapshot

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// The form of a page: its ID (8 bytes), its kind (2), the number of elements (2) and of
// the pages that continue it (4). An element of a branch has a position (4 bytes), the
// size of its key (4) and the ID of a page (8). An element of a leaf has flags (4), a
// position (4) and the sizes of its key (4) and value (4). Positions count from the
// element. See https://github.com/etcd-io/bbolt, internal/common/page.go.
const (
	pageHeader   = 16
	elementSize  = 16
	bucketHeader = 16 // of a value that is a bucket: the ID of its root page, and a sequence

	kindBranch   = 0x01
	kindLeaf     = 0x02
	kindFreelist = 0x10
	flagBucket   = 0x01

	firstPage  = 2 // after the two heads
	rootAt     = metaAt + 16
	freelistAt = metaAt + 32
	txidAt     = metaAt + 48
	noFreelist = math.MaxUint64
	manyFree   = math.MaxUint16 // then the number of free pages is in the page
	idSize     = 8

	// maxDepth limits the depth of a tree of pages. A real one has fewer than ten.
	maxDepth = 100
)

// pages checks the pages of a database before bbolt reads them. bbolt would access memory
// outside a damaged page, or follow a cycle of pages. Both end the program.
type pages struct {
	file io.ReaderAt
	layout
	seen []bool
}

// checkPages returns an error unless each page of a database of size bytes is inside the
// file, contains its elements, and is used once. The first head of the file is complete.
func checkPages(file io.ReaderAt, size int64) error {
	first, err := readHead(file, 0)
	if err != nil {
		return err
	}
	if binary.NativeEndian.Uint32(first[metaAt:]) != magic {
		return errors.New("it was written on a machine with another byte order")
	}
	newest := first
	l, err := first.read()
	if err != nil {
		return err
	}
	if second, err := readHead(file, l.pageSize); err == nil {
		if other, err := second.read(); err == nil && binary.NativeEndian.Uint64(second[txidAt:]) > binary.NativeEndian.Uint64(first[txidAt:]) {
			newest, l = second, other
		}
	}
	if err := newest.verify(size); err != nil {
		return err
	}
	p := &pages{file: file, layout: l, seen: make([]bool, l.pages)}
	if err := p.freelist(binary.NativeEndian.Uint64(newest[freelistAt:])); err != nil {
		return err
	}
	return p.tree(binary.NativeEndian.Uint64(newest[rootAt:]), 0)
}

// readHead reads a head that begins at an offset.
func readHead(file io.ReaderAt, at int64) (head, error) {
	h := make(head, headSize)
	_, err := file.ReadAt(h, at)
	return h, err
}

// read returns a page with the pages that continue it.
func (p *pages) read(id uint64) ([]byte, error) {
	if id < firstPage || id >= p.pages {
		return nil, fmt.Errorf("it refers to page %d, which does not exist", id)
	}
	at := int64(id) * p.pageSize
	header := make([]byte, pageHeader)
	if _, err := p.file.ReadAt(header, at); err != nil {
		return nil, err
	}
	more := uint64(binary.NativeEndian.Uint32(header[12:]))
	if binary.NativeEndian.Uint64(header) != id || more >= p.pages-id {
		return nil, fmt.Errorf("the header of page %d is damaged", id)
	}
	for i := id; i <= id+more; i++ {
		if p.seen[i] {
			return nil, fmt.Errorf("page %d is used twice", i)
		}
		p.seen[i] = true
	}
	content := make([]byte, (int64(more)+1)*p.pageSize)
	_, err := p.file.ReadAt(content, at)
	return content, err
}

// tree checks the page with an ID and all pages below it.
func (p *pages) tree(id uint64, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("page %d is deeper than %d pages", id, maxDepth)
	}
	content, err := p.read(id)
	if err != nil {
		return err
	}
	switch binary.NativeEndian.Uint16(content[8:]) {
	case kindBranch:
		err = p.branch(content, depth)
	case kindLeaf:
		err = p.leaf(content, depth)
	default:
		err = errElements
	}
	if errors.Is(err, errElements) {
		return fmt.Errorf("page %d is damaged", id)
	}
	return err
}

// errElements reports elements that do not fit into their page.
var errElements = errors.New("the elements are damaged")

func (p *pages) branch(content []byte, depth int) error {
	count := int(binary.NativeEndian.Uint16(content[10:]))
	if count == 0 || pageHeader+count*elementSize > len(content) {
		return errElements
	}
	for i := range count {
		at := pageHeader + i*elementSize
		element := content[at : at+elementSize]
		if int64(at)+sum(element[0:], element[4:]) > int64(len(content)) {
			return errElements
		}
		if err := p.tree(binary.NativeEndian.Uint64(element[8:]), depth+1); err != nil {
			return err
		}
	}
	return nil
}

// leaf checks the elements of a leaf, which may be a bucket inside another leaf.
func (p *pages) leaf(content []byte, depth int) error {
	count := int(binary.NativeEndian.Uint16(content[10:]))
	if depth > maxDepth || pageHeader+count*elementSize > len(content) {
		return errElements
	}
	for i := range count {
		at := pageHeader + i*elementSize
		element := content[at : at+elementSize]
		key := int64(at) + sum(element[4:], element[8:])
		end := key + sum(element[12:])
		if end > int64(len(content)) {
			return errElements
		}
		if binary.NativeEndian.Uint32(element)&flagBucket != 0 {
			if err := p.bucket(content[key:end], depth); err != nil {
				return err
			}
		}
	}
	return nil
}

// bucket checks the value that holds a bucket. A small bucket has its only page in it.
func (p *pages) bucket(value []byte, depth int) error {
	if len(value) < bucketHeader {
		return errElements
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		return p.tree(root, depth+1)
	}
	inline := value[bucketHeader:]
	if len(inline) < pageHeader || binary.NativeEndian.Uint16(inline[8:]) != kindLeaf {
		return errElements
	}
	return p.leaf(inline, depth+1)
}

// freelist checks the page with the IDs of unused pages. etcd does not store one.
func (p *pages) freelist(id uint64) error {
	if id == noFreelist {
		return nil
	}
	content, err := p.read(id)
	if err != nil {
		return err
	}
	count, ids := uint64(binary.NativeEndian.Uint16(content[10:])), content[pageHeader:]
	if count == manyFree {
		count, ids = binary.NativeEndian.Uint64(ids), ids[idSize:]
	}
	if binary.NativeEndian.Uint16(content[8:]) != kindFreelist || count > uint64(len(ids)/idSize) {
		return fmt.Errorf("page %d is damaged", id)
	}
	return nil
}

// sum adds numbers of 4 bytes, each at the beginning of a slice.
func sum(numbers ...[]byte) (total int64) {
	for _, number := range numbers {
		total += int64(binary.NativeEndian.Uint32(number))
	}
	return total
}
