package snapshot

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
)

// checksum verifies a snapshot that is written to it: a complete database, followed by
// 32 bytes with its SHA-256.
type checksum struct {
	head head
	hash hash.Hash
	tail []byte // the last bytes so far, which may be the checksum
	size int64
}

// sectorSize divides the size of every database file.
const sectorSize = 512

func newChecksum() *checksum { return &checksum{hash: sha256.New()} }

// Write implements io.Writer.
func (c *checksum) Write(p []byte) (int, error) {
	c.size += int64(len(p))
	_, _ = c.head.Write(p)
	if surplus := len(c.tail) + len(p) - sha256.Size; surplus > 0 {
		fromTail := min(surplus, len(c.tail))
		c.hash.Write(c.tail[:fromTail])
		c.hash.Write(p[:surplus-fromTail])
		c.tail = append(c.tail[:0], c.tail[fromTail:]...)
		c.tail = append(c.tail, p[surplus-fromTail:]...)
		return len(p), nil
	}
	c.tail = append(c.tail, p...)
	return len(p), nil
}

// verify returns an error unless a complete snapshot was written.
func (c *checksum) verify() error {
	if c.size%sectorSize != sha256.Size {
		return fmt.Errorf("sha256 checksum not found [bytes: %d]: the transfer was cut off", c.size)
	}
	if sum := c.hash.Sum(nil); !bytes.Equal(sum, c.tail) {
		return fmt.Errorf("the snapshot was damaged in transfer: its checksum is %x, but the server sent %x", sum, c.tail)
	}
	if err := c.head.verify(c.size - sha256.Size); err != nil {
		return fmt.Errorf("the server did not send a database: %w; nothing was written", err)
	}
	return nil
}
