package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// received is b as it comes, in buffers of so many bytes.
func received(b []byte, size int) *mem.Reader {
	var data mem.BufferSlice
	for some := range slices.Chunk(b, size) {
		data = append(data, mem.SliceBuffer(some))
	}
	return data.Reader()
}

// again are all fields that r has, appended one by one.
func again(r *mem.Reader) (b []byte, err error) {
	for r.Remaining() > 0 {
		number, kind, err := Tag(r)
		if err != nil {
			return nil, err
		}
		if b, err = AppendField(b, r, number, kind); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// fixed are fields of the kinds that no message of etcd's has.
func fixed() []byte {
	b := protowire.AppendTag(nil, 90, protowire.Fixed32Type)
	b = protowire.AppendFixed32(b, 7)
	b = protowire.AppendTag(b, 91, protowire.Fixed64Type)
	return protowire.AppendFixed64(b, 8)
}

func TestFieldsAreReadInAnyPieces(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		message := &pb.WatchResponse{
			Header: &pb.ResponseHeader{ClusterId: random.Uint64(), Revision: random.Int64()}, WatchId: -random.Int64N(3), Created: random.IntN(2) == 0,
			CancelReason: string(make([]byte, random.IntN(500))),
		}
		b, err := proto.Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, fixed()...)
		if got, err := again(received(b, 1+random.IntN(40))); err != nil || !bytes.Equal(got, b) {
			t.Fatalf("%x is read as %x, %v", b, got, err)
		}
	}
}

func TestWhatIsCutOffOrNoFieldIsMalformed(t *testing.T) {
	whole := append(protowire.AppendBytes(protowire.AppendTag(nil, 3, protowire.BytesType), []byte("value")), fixed()...)
	ends := map[int]bool{0: true, 7: true, 7 + 6: true, len(whole): true} // of fields; a tag from 16 on has two bytes
	for end := range len(whole) + 1 {
		if _, err := again(received(whole[:end], 3)); ends[end] != (err == nil) || err != nil && !errors.Is(err, ErrMalformed) {
			t.Errorf("the first %d bytes of %x give %v", end, whole, err)
		}
	}
	huge := binary.AppendUvarint(protowire.AppendTag(nil, 3, protowire.BytesType), 1<<63)
	for name, b := range map[string][]byte{
		"a length beyond what there is": huge,
		"a group":                       protowire.AppendTag(nil, 3, protowire.StartGroupType),
		"the number 0":                  {0x02, 0x00},
		"a varint of eleven bytes":      bytes.Repeat([]byte{0xff}, 11),
		"a kind that there is not":      {0x1f},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := again(received(b, 2)); !errors.Is(err, ErrMalformed) {
				t.Errorf("%s gives %v", name, err)
			}
		})
	}
}

func TestACodecTakesItsOwnTypesOnly(t *testing.T) {
	c := codec[int](func(data mem.BufferSlice) (int, error) { return data.Len(), nil })
	n := 0
	if err := c.Unmarshal(mem.BufferSlice{mem.SliceBuffer("four")}, &n); err != nil || n != 4 {
		t.Errorf("decoded as %d, %v", n, err)
	}
	other := ""
	if err := c.Unmarshal(nil, &other); err == nil {
		t.Error("a response of another type is taken")
	}
	if _, err := c.Marshal("no message"); err == nil {
		t.Error("a request that is no message is taken")
	}
	want := &pb.SnapshotRequest{}
	if data, err := c.Marshal(want); err != nil || data.Len() != proto.Size(want) {
		t.Errorf("a request is encoded as %v, %v", data, err)
	}
}
