package snapshot

import (
	"crypto/sha256"
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// whole is a snapshot as a server sends it.
func whole(sectors int) []byte {
	return withSum(database(sectors, binary.LittleEndian))
}

func withSum(content []byte) []byte {
	sum := sha256.Sum256(content)
	return append(content, sum[:]...)
}

// database is a database of so many sectors, each of them a page.
func database(sectors int, order binary.ByteOrder) []byte {
	content := make([]byte, sectors*sectorSize)
	random := rand.NewChaCha8([32]byte{byte(sectors)})
	_, _ = random.Read(content)
	order.PutUint32(content[metaAt:], magic)
	order.PutUint32(content[versionAt:], formatVersion)
	order.PutUint32(content[pageSizeAt:], sectorSize)
	order.PutUint64(content[pagesAt:], uint64(sectors))
	signHead(content, order)
	return content
}

func signHead(content []byte, order binary.ByteOrder) {
	sum := fnv.New64a()
	_, _ = sum.Write(content[metaAt:sumAt])
	order.PutUint64(content[sumAt:], sum.Sum64())
}

func TestWhatIsNoDatabaseIsNoSnapshot(t *testing.T) {
	if err := written(withSum(database(8, binary.BigEndian)), 1).verify(); err != nil {
		t.Errorf("the database of a machine of the other byte order: %v", err)
	}
	for name, change := range map[string]func(content []byte) []byte{
		"nothing": func([]byte) []byte { return nil },
		"zeros":   func(content []byte) []byte { return make([]byte, len(content)) },
		"another version": func(content []byte) []byte {
			content[versionAt]++
			signHead(content, binary.LittleEndian)
			return content
		},
		"a head that is damaged": func(content []byte) []byte { content[pagesAt+4]++; return content },
		"a page that is missing": func(content []byte) []byte { return content[:len(content)-sectorSize] },
		"half a page": func(content []byte) []byte {
			binary.LittleEndian.PutUint32(content[pageSizeAt:], 2*sectorSize)
			binary.LittleEndian.PutUint64(content[pagesAt:], 4)
			signHead(content, binary.LittleEndian)
			return append(content, make([]byte, sectorSize)...)
		},
		"pages of no size": func(content []byte) []byte {
			binary.LittleEndian.PutUint32(content[pageSizeAt:], 0)
			signHead(content, binary.LittleEndian)
			return content
		},
		"no pages": func(content []byte) []byte {
			binary.LittleEndian.PutUint64(content[pagesAt:], 0)
			signHead(content, binary.LittleEndian)
			return content
		},
	} {
		t.Run(name, func(t *testing.T) {
			content := change(database(8, binary.LittleEndian))
			if err := written(withSum(content), 1).verify(); err == nil || !strings.Contains(err.Error(), "did not send a database") {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

func TestAFileThatIsNoDatabaseIsToldBeforeItIsReplaced(t *testing.T) {
	folder := t.TempDir()
	for name, c := range map[string]struct {
		content []byte
		warns   string
	}{
		"empty":    {nil, "which is not a database: it is empty"},
		"database": {database(8, binary.LittleEndian), ""},
		"snapshot": {whole(8), ""},
		"half":     {whole(8)[:sectorSize], ""}, // of a copy that broke off
		"notes":    {[]byte("call the customer"), "which is not a database: its 17 bytes"},
		"archive":  {make([]byte, sectorSize), "which is not a database: it does not start like one"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(folder, name)
			if err := os.WriteFile(path, c.content, 0o600); err != nil {
				t.Fatal(err)
			}
			if warning := Replacing(path); (warning == "") != (c.warns == "") || !strings.Contains(warning, c.warns) {
				t.Errorf("%s: the warning is %q, want %q in it", name, warning, c.warns)
			}
		})
	}
	if warning := Replacing(filepath.Join(folder, "nothing")); warning != "" {
		t.Errorf("a new file: %q", warning)
	}
	if err := os.Symlink("notes", filepath.Join(folder, "link")); err != nil {
		t.Skipf("no links here: %v", err)
	}
	if warning := Replacing(filepath.Join(folder, "link")); !strings.Contains(warning, "the symbolic link") {
		t.Errorf("a link: %q", warning)
	}
}

// written is the checksum of data that came in blocks of random sizes.
func written(data []byte, seed uint64) *checksum {
	c := newChecksum()
	random := rand.New(rand.NewPCG(seed, 1))
	for len(data) > 0 {
		n := min(1+random.IntN(700), len(data))
		_, _ = c.Write(data[:n])
		data = data[n:]
	}
	return c
}

func TestAWholeSnapshotIsRecognizedInAnyPieces(t *testing.T) {
	for sectors := minPages; sectors < 20; sectors++ {
		for seed := range uint64(20) {
			if err := written(whole(sectors), seed).verify(); err != nil {
				t.Fatalf("%d sectors, seed %d: %v", sectors, seed, err)
			}
		}
	}
}

func TestABrokenSnapshotIsRefused(t *testing.T) {
	good := whole(8)
	for end := range good {
		if written(good[:end], 1).verify() == nil {
			t.Fatalf("the first %d bytes of %d pass for a snapshot", end, len(good))
		}
	}
	for at := 0; at < len(good); at += 37 {
		bad := append([]byte(nil), good...)
		bad[at] ^= 1
		if err := written(bad, 1).verify(); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Fatalf("a snapshot with a wrong bit in byte %d gives %v", at, err)
		}
	}
}
