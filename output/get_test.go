package output

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.yaml.in/yaml/v4"
	"google.golang.org/protobuf/proto"
)

// randomRange makes an answer to "get", and cuts its keys into blocks.
func randomRange(r *rand.Rand) (response *pb.RangeResponse, blocks [][]*mvccpb.KeyValue) {
	number := func() int64 {
		return []int64{0, 1, r.Int64N(1000), r.Int64(), math.MaxInt64, -1, math.MinInt64}[r.IntN(7)]
	}
	content := func() []byte {
		b := make([]byte, []int{0, 1, 2, 3, r.IntN(50), r.IntN(3000)}[r.IntN(6)])
		for i := range b {
			b[i] = byte(r.UintN(256))
			if r.IntN(2) == 0 {
				b[i] = "abc/\n\"<&\x00"[r.IntN(9)]
			}
		}
		return b
	}
	response = &pb.RangeResponse{
		Header: &pb.ResponseHeader{ClusterId: uint64(number()), MemberId: uint64(number()), Revision: number(), RaftTerm: uint64(number())},
		More:   r.IntN(2) == 0,
		Count:  number(),
	}
	for range r.IntN(5) {
		var block []*mvccpb.KeyValue
		for range r.IntN(4) {
			block = append(block, &mvccpb.KeyValue{
				Key: content(), Value: content(), CreateRevision: number(), ModRevision: number(), Version: number(), Lease: number(),
			})
		}
		blocks = append(blocks, block)
		response.Kvs = append(response.Kvs, block...)
	}
	return response, blocks
}

func streamed(t *testing.T, format Format, o RangeOptions, response *pb.RangeResponse, blocks [][]*mvccpb.KeyValue) []byte {
	t.Helper()
	return showAll("random range", func(p *Printer) error {
		stream := p.Range(o)
		if err := stream.Begin(response.GetHeader()); err != nil {
			return err
		}
		for _, block := range blocks {
			if err := stream.Keys(block); err != nil {
				return err
			}
		}
		return stream.End(response.GetMore(), response.GetCount())
	}).text(t, format)
}

func newRand(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func TestAStreamIsTheBytesOfTheWholeResponse(t *testing.T) {
	r := newRand(t)
	for range 3000 {
		response, blocks := randomRange(r)
		want, err := json.Marshal(response)
		if err != nil {
			t.Fatal(err)
		}
		if got := streamed(t, JSON, RangeOptions{}, response, blocks); string(got) != string(want)+"\n" {
			t.Fatalf("JSON is\n%swant that of encoding/json\n%s", got, want)
		}
		if want, err = proto.Marshal(response); err != nil {
			t.Fatal(err)
		}
		if got := streamed(t, Protobuf, RangeOptions{}, response, blocks); !bytes.Equal(got, want) {
			t.Fatalf("protobuf of %v is\n%x\nwant that of proto.Marshal\n%x", response, got, want)
		}
	}
}

// The rules of simple and fields, written once more.
func TestAStreamHasALineForEachKeyAndEachField(t *testing.T) {
	r := newRand(t)
	for range 1000 {
		response, blocks := randomRange(r)
		var simple, values, fields strings.Builder
		h := response.GetHeader()
		fmt.Fprintf(&fields, "\"ClusterID\" : %d\n\"MemberID\" : %d\n", h.GetClusterId(), h.GetMemberId())
		if h.GetRevision() > 0 {
			fmt.Fprintf(&fields, "\"Revision\" : %d\n", h.GetRevision())
		}
		fmt.Fprintf(&fields, "\"RaftTerm\" : %d\n", h.GetRaftTerm())
		for _, kv := range response.GetKvs() {
			fmt.Fprintf(&simple, "%s\n%s\n", kv.GetKey(), kv.GetValue())
			fmt.Fprintf(&values, "%s\n", kv.GetValue())
			fmt.Fprintf(&fields, "\"Key\" : %q\n\"CreateRevision\" : %d\n\"ModRevision\" : %d\n\"Version\" : %d\n\"Value\" : %q\n\"Lease\" : %d\n",
				kv.GetKey(), kv.GetCreateRevision(), kv.GetModRevision(), kv.GetVersion(), kv.GetValue(), kv.GetLease())
		}
		fmt.Fprintf(&fields, "\"More\" : %t\n\"Count\" : %d\n", response.GetMore(), response.GetCount())
		for what, texts := range map[string][2]string{
			"simple":             {string(streamed(t, Simple, RangeOptions{}, response, blocks)), simple.String()},
			"simple, values":     {string(streamed(t, Simple, RangeOptions{ValueOnly: true}, response, blocks)), values.String()},
			"simple, count only": {string(streamed(t, Simple, RangeOptions{CountOnly: true}, response, nil)), fmt.Sprintln(response.GetCount())},
			"fields":             {string(streamed(t, Fields, RangeOptions{}, response, blocks)), fields.String()},
		} {
			if texts[0] != texts[1] {
				t.Fatalf("%s is\n%q\nwant\n%q", what, texts[0], texts[1])
			}
		}
	}
}

func TestAStreamOfYAMLOrNDJSONHasEveryKey(t *testing.T) {
	r := newRand(t)
	for range 300 {
		response, blocks := randomRange(r)
		var document struct {
			Revision int64            `yaml:"revision"`
			Keys     []map[string]any `yaml:"keys"`
			More     bool             `yaml:"more"`
			Count    int64            `yaml:"count"`
		}
		text := streamed(t, YAML, RangeOptions{}, response, blocks)
		if err := yaml.Unmarshal(text, &document); err != nil {
			t.Fatalf("yaml does not read\n%s: %v", text, err)
		}
		if document.Revision != response.GetHeader().GetRevision() || document.More != response.GetMore() || document.Count != response.GetCount() ||
			len(document.Keys) != len(response.GetKvs()) {
			t.Fatalf("YAML of %v is read as %+v", response, document)
		}
		lines := strings.Split(string(streamed(t, NDJSON, RangeOptions{}, response, blocks)), "\n")
		if len(lines) != len(response.GetKvs())+1 {
			t.Fatalf("NDJSON of %d keys has %d lines", len(response.GetKvs()), len(lines)-1)
		}
		for i, kv := range response.GetKvs() {
			want := fromJSON(t, toJSON(t, keyValueObject(kv)))
			if got := fromJSON(t, []byte(lines[i])); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("line %d of NDJSON is %v, want %v", i, got, want)
			}
			for name, value := range want {
				if text, ok := value.(string); ok && document.Keys[i][name] != text {
					t.Fatalf("%s of key %d is %q in YAML, want %q", name, i, document.Keys[i][name], text)
				}
			}
		}
	}
}

func TestEveryRowOfCSVHasTheColumnsOfItsHeader(t *testing.T) {
	for _, c := range goldenCases() {
		rows, err := csv.NewReader(bytes.NewReader(c.text(t, CSV))).ReadAll() // fails on a row of another length
		if err != nil || len(rows) == 0 || len(rows[0]) == 0 {
			t.Errorf("CSV of %s is read as %q, %v; want a header and rows as long", c.name, rows, err)
			continue
		}
		for _, column := range rows[0] {
			if column == "" || column != strings.ToLower(column) {
				t.Errorf("CSV of %s has the column %q, want a name in lower case", c.name, column)
			}
		}
	}
}

// full is a disk without space behind its first bytes.
type full struct{ space int }

var errFull = errors.New("no space left on device")

func (f *full) Write(b []byte) (int, error) {
	if len(b) > f.space {
		written := f.space
		f.space = 0
		return written, errFull
	}
	f.space -= len(b)
	return len(b), nil
}

func TestAnOutputThatCannotBeWrittenIsAnError(t *testing.T) {
	results := goldenCases()
	large := &pb.RangeResponse{Header: header(), Count: 1}
	for range 5000 {
		large.Kvs = append(large.Kvs, keyValue("key", strings.Repeat("value ", 10), 7))
	}
	results = append(results, showAll("more than the buffer", get(RangeOptions{}, large)))
	for _, c := range results {
		for _, format := range c.formats {
			size := len(c.text(t, format))
			for _, space := range []int{0, size / 2, size - 1} {
				if size == 0 {
					continue
				}
				p, err := NewPrinter(&full{space}, string(format), c.formats, c.hex)
				if err != nil {
					t.Fatal(err)
				}
				if err = c.run(p); err == nil {
					err = p.Flush()
				}
				if !errors.Is(err, errFull) {
					t.Errorf("%s as %s, %d of %d bytes written: the error is %v, want %v", c.name, format, space, size, err, errFull)
				}
			}
		}
	}
}

// What cannot be written any more must not be asked of the server any more.
func TestAStreamStopsWithTheFirstErrorOfItsWriter(t *testing.T) {
	block := make([]*mvccpb.KeyValue, 0, 1000)
	for range cap(block) {
		block = append(block, keyValue("key", strings.Repeat("value ", 20), 7))
	}
	for _, format := range Formats() {
		if format == Table {
			continue // holds all rows until the end
		}
		p, err := NewPrinter(&full{}, string(format), Formats(), false)
		if err != nil {
			t.Fatal(err)
		}
		stream := p.Range(RangeOptions{})
		if err = stream.Begin(header()); err != nil {
			t.Fatal(err)
		}
		if err := stream.Keys(block); !errors.Is(err, errFull) {
			t.Errorf("%s: Keys with more than the buffer holds = %v, want %v", format, err, errFull)
		}
	}
}
