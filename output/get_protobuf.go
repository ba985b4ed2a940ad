package output

import (
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// protobufRange writes a RangeResponse field by field. Protobuf allows the elements of a
// repeated field to be written one by one.
type protobufRange struct {
	p   *Printer
	o   keyForms
	buf []byte
}

// Field numbers of RangeResponse, from etcd's rpc.proto.
const (
	rangeHeader protowire.Number = 1
	rangeKvs    protowire.Number = 2
	rangeMore   protowire.Number = 3
	rangeCount  protowire.Number = 4
)

func (s *protobufRange) Begin(header *pb.ResponseHeader) error {
	return s.message(rangeHeader, header)
}

func (s *protobufRange) Keys(kvs []*mvccpb.KeyValue) error {
	for _, kv := range kvs {
		if err := s.message(rangeKvs, s.o.message(kv)); err != nil {
			return err
		}
	}
	return nil
}

func (s *protobufRange) End(more bool, count int64) error {
	s.buf = s.buf[:0]
	if more {
		s.buf = protowire.AppendVarint(protowire.AppendTag(s.buf, rangeMore, protowire.VarintType), 1)
	}
	if count != 0 {
		s.buf = protowire.AppendVarint(protowire.AppendTag(s.buf, rangeCount, protowire.VarintType), uint64(count))
	}
	_, err := s.p.w.Write(s.buf)
	return err
}

func (s *protobufRange) message(field protowire.Number, m proto.Message) error {
	s.buf = protowire.AppendTag(s.buf[:0], field, protowire.BytesType)
	s.buf = protowire.AppendVarint(s.buf, uint64(proto.Size(m)))
	var err error
	if s.buf, err = (proto.MarshalOptions{UseCachedSize: true}).MarshalAppend(s.buf, m); err != nil {
		return err
	}
	_, err = s.p.w.Write(s.buf)
	return err
}
