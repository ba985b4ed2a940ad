package snapshot

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// lent counts the buffers that were not given back.
type lent struct{ buffers int }

func (l *lent) Get(length int) *[]byte {
	l.buffers++
	b := make([]byte, length)
	return &b
}

func (l *lent) Put(*[]byte) { l.buffers-- }

// received is a message as it comes, in buffers of so many bytes. What gRPC has
// of it is given back by the function.
func (l *lent) received(t *testing.T, response *pb.SnapshotResponse, size int) (mem.BufferSlice, func()) {
	t.Helper()
	b, err := proto.Marshal(response)
	if err != nil {
		t.Fatal(err)
	}
	var data mem.BufferSlice
	for some := range slices.Chunk(b, size) {
		copied := l.Get(len(some))
		copy(*copied, some)
		data = append(data, mem.NewBuffer(copied, l))
		if len(some) <= 1<<10 { // gRPC's limit below which it does not give back
			l.buffers--
		}
	}
	return data, data.Free
}

func TestAPartIsDecodedInItsOwnMemory(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	memory := &lent{}
	for range 300 {
		want := &pb.SnapshotResponse{
			Header:         &pb.ResponseHeader{ClusterId: random.Uint64(), MemberId: 2, RaftTerm: 3},
			RemainingBytes: random.Uint64() >> random.IntN(64),
			Blob:           make([]byte, random.IntN(100_000)),
			Version:        []string{"", "3.6.0", "3.7.0"}[random.IntN(3)],
		}
		for i := range want.Blob {
			want.Blob[i] = byte(random.Uint32())
		}
		data, free := memory.received(t, want, 1+random.IntN(40_000))
		p, err := decode(data)
		free()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(slices.Concat(p.pieces...), want.Blob) || p.size() != len(want.Blob) || p.version != want.Version {
			t.Fatalf("a part of %d bytes, version %q is decoded as one of %d bytes, version %q", len(want.Blob), want.Version, p.size(), p.version)
		}
		if p.free(); memory.buffers != 0 {
			t.Fatalf("%d buffers were not given back", memory.buffers)
		}
	}
}

func FuzzMalformedPartsAreErrors(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decode(mem.BufferSlice{mem.SliceBuffer(b)})
		var whole pb.SnapshotResponse
		if wholeErr := proto.Unmarshal(b, &whole); err == nil && wholeErr == nil && !bytes.Equal(slices.Concat(p.pieces...), whole.GetBlob()) {
			t.Errorf("%x has the blob %x, decoded as %x", b, whole.GetBlob(), p.pieces)
		}
	})
}

// script is a reader of parts that ends with an error.
type script struct {
	parts []part
	end   error
}

func (s *script) Recv() (part, error) {
	if len(s.parts) == 0 {
		return part{}, s.end
	}
	p := s.parts[0]
	s.parts = s.parts[1:]
	return p, nil
}

func TestACopyHasEveryPartAndGivesAllMemoryBack(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		end     error
		closed  bool // the file
		wantErr error
	}{
		"whole":         {io.EOF, false, nil},
		"a transfer":    {broken, false, broken},
		"a file closed": {io.EOF, true, os.ErrClosed},
	} {
		t.Run(name, func(t *testing.T) {
			memory := &lent{}
			var want []byte
			s := &script{end: c.end}
			for i := range 200 {
				blob := bytes.Repeat([]byte{byte(i)}, 3000+i)
				data, free := memory.received(t, &pb.SnapshotResponse{Blob: blob}, 2000)
				p, err := decode(data)
				if err != nil {
					t.Fatal(err)
				}
				free()
				s.parts, want = append(s.parts, p), append(want, blob...)
			}
			first, _ := s.Recv()
			file, err := os.Create(filepath.Join(t.TempDir(), "copy"))
			if err != nil {
				t.Fatal(err)
			}
			if c.closed {
				_ = file.Close()
			}
			var checked, shown bytes.Buffer
			size, err := copyTo(file, &checked, &shown, first, s)
			_ = file.Close()
			if !errors.Is(err, c.wantErr) {
				t.Errorf("%s: error %v, want %v", name, err, c.wantErr)
			}
			for _, p := range s.parts { // that were not read
				p.free()
			}
			if memory.buffers != 0 {
				t.Errorf("%s: %d buffers were not given back", name, memory.buffers)
			}
			if c.closed {
				return
			}
			got, err := os.ReadFile(file.Name())
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) || !bytes.Equal(checked.Bytes(), want) || !bytes.Equal(shown.Bytes(), want) || size != int64(len(want)) {
				t.Errorf("%s: of %d bytes %d were written, %d checked, %d shown, %d counted", name, len(want), len(got), checked.Len(), shown.Len(), size)
			}
		})
	}
}
